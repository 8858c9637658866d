import { createHash } from "node:crypto";
import type { Header } from "../../../proxy-image/sockets/core/header";

const sha256 = (text: string) => `0x${createHash("sha256").update(text).digest("hex")}`;

export const genesis: Header = {
  hash: sha256("genesis"),
  parentHash: sha256("nothing"),
  number: 0,
  timestamp: 0,
  json: "{}",
};

/** A block on top of another; one more of the same parent with another salt. */
export function block(parent: Header, salt = ""): Header {
  const hash = sha256(`${parent.hash} ${salt}`);
  return {
    hash,
    parentHash: parent.hash,
    number: parent.number + 1,
    timestamp: parent.timestamp + 12,
    json: JSON.stringify({ hash }),
  };
}
