import { answerText, errorMember, invalidRequest } from "./rpcError";

/** The request came in through the proxy's own socket: told by the address of the connection, which no header changes. */
export function isFromWithin(r: NginxHTTPRequest): boolean {
  return r.variables.server_addr?.startsWith("unix:") === true;
}

/** What strangers hear of locations that are not for them. */
export function nothingHere(r: NginxHTTPRequest): void {
  r.return(404, answerText("null", errorMember(invalidRequest, "There is nothing here.")));
}
