/** Status of an attempt whose answer was larger than any may be. No node sends it: nginx takes no status above 999 from one. */
export const tooLargeStatus = 1413;

interface Counted {
  bytesSeen?: number;
}

// The same in all requests of a configuration.
let largest: number | undefined;
let longest: number | undefined;

/**
 * Body filter of heavy locations. Lets nothing through of an answer beyond the limit: nginx would end the client's request. And
 * ends an answer that has taken longer than any call may; by then the client has its answer.
 */
export function guard(
  sub: NginxHTTPRequest & Counted,
  data: Buffer,
  flags: NginxHTTPSendBufferOptions,
): void {
  longest ??= Number(sub.variables.gateway_longest);
  pass(sub, data, flags, longest);
}

/** The same for heavy methods. */
export function guardHeavy(sub: NginxHTTPRequest, data: Buffer, flags: NginxHTTPSendBufferOptions): void {
  pass(sub, data, flags, Number(sub.variables.gateway_longest_heavy));
}

function pass(
  sub: NginxHTTPRequest & Counted,
  data: Buffer,
  flags: NginxHTTPSendBufferOptions,
  longest: number,
): void {
  largest ??= Number(sub.variables.gateway_largest);
  if (Number(sub.variables.request_time) > longest) {
    throw new Error("a node was still sending when the time of the call was long over");
  }
  const seen = sub.bytesSeen ?? (Number(sub.headersOut["Content-Length"] ?? 0) > largest ? largest : 0);
  sub.bytesSeen = seen + data.length;
  if (sub.bytesSeen <= largest) {
    sub.sendBuffer(data, flags);
    return;
  }
  sub.status = tooLargeStatus;
  delete sub.headersOut["Content-Length"];
}
