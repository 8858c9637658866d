import { truncatedAddress } from "../../../functions/domain/truncatedAddress";

/** The field in which nginx's error log names the client. */
const clientField = /, client: ([0-9a-fA-F.:]+)/g;

/** Treats the client's address in a line of nginx's error log as the access log treats it. */
export function hideClient(text: string, how: "full" | "truncated" | "off"): string {
  if (how === "full") return text;
  return text.replace(clientField, (_, address: string) =>
    how === "off" ? "" : `, client: ${truncatedAddress(address)}`,
  );
}
