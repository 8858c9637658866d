/** Why the gateway can't start, in one line for the operator. No stack is shown. */
export class StartError extends Error {
  override readonly name = "StartError";
}
