/** Error answers that the proxy itself gives. */
export const parseError = -32700;
export const invalidRequest = -32600;
export const methodNotFound = -32601;
export const invalidParams = -32602;
export const internalError = -32603;
/** https://eips.ethereum.org/EIPS/eip-1474#error-codes */
export const limitExceeded = -32005;

/** The member of an answer that says what went wrong. */
export function errorMember(code: number, message: string): string {
  return `"error":{"code":${code},"message":${JSON.stringify(message)}}`;
}

/** A whole answer: `idText` as the client wrote it, `member` either `"result":…` or `"error":…`. */
export function answerText(idText: string, member: string): string {
  return `{"jsonrpc":"2.0","id":${idText},${member}}`;
}
