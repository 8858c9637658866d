import ipaddr from "ipaddr.js";

/** An address without what tells one household from another: IPv4 to its /24, IPv6 to its /48; empty when it is none. */
export function truncatedAddress(address: string): string {
  if (!ipaddr.isValid(address)) return "";
  const bytes = ipaddr.process(address).toByteArray();
  const kept = bytes.length === 4 ? 3 : 6;
  return ipaddr.fromByteArray(bytes.map((byte, index) => (index < kept ? byte : 0))).toString();
}
