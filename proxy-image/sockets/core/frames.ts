/** `0x` and 32 hex digits. */
const subscriptionIdLength = 34;

/** Text frames of notifications in one buffer, and where in it each subscriber's id goes. */
export interface NotificationFrames {
  readonly bytes: Buffer;
  readonly idOffsets: readonly number[];
}

const beforeId = '{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"';
const afterId = '","result":';
const end = "}}";
const placeholder = "0".repeat(subscriptionIdLength);

/**
 * Serialises one notification for each result, once for all subscribers: they differ in nothing but the id, which always has the same
 * length. So a head for a thousand sockets costs a thousand small copies and not a thousand serialisations.
 */
export function notificationFrames(results: readonly string[]): NotificationFrames {
  const parts: Buffer[] = [];
  const idOffsets: number[] = [];
  let offset = 0;
  for (const result of results) {
    const payload = Buffer.from(beforeId + placeholder + afterId + result + end);
    const header = textFrameHeader(payload.length);
    idOffsets.push(offset + header.length + beforeId.length);
    parts.push(header, payload);
    offset += header.length + payload.length;
  }
  return { bytes: Buffer.concat(parts), idOffsets };
}

/** The frames for one subscriber. */
export function addressed({ bytes, idOffsets }: NotificationFrames, id: string): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length);
  bytes.copy(copy);
  for (const offset of idOffsets) copy.write(id, offset, "latin1");
  return copy;
}

/** Header of an unfragmented, unmasked text frame (RFC 6455, 5.2). */
export function textFrameHeader(length: number): Buffer {
  const finalText = 0x81;
  if (length < 126) return Buffer.from([finalText, length]);
  if (length < 65_536) return Buffer.from([finalText, 126, length >> 8, length & 255]);
  const header = Buffer.alloc(10);
  header[0] = finalText;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}
