import ipaddr from "ipaddr.js";

/**
 * What may live at an address. `never`: link-local, metadata services, multicast, unspecified and reserved ranges,
 * which no node has and which reach things that nobody should reach through us.
 */
export type AddressClass = "public" | "private" | "loopback" | "never";

/** Metadata and platform services outside the link-local ranges. */
const metadataRanges = [
  "100.100.100.200/32", // Alibaba Cloud
  "168.63.129.16/32", // Azure
  "192.0.0.192/32", // Oracle Cloud
  "fd00:ec2::/32", // AWS: IMDS fd00:ec2::254, DNS fd00:ec2::253, time fd00:ec2::123
  "fd20:ce::/32", // Google Cloud: fd20:ce::254
].map((range) => ipaddr.parseCIDR(range));

/** Names under which metadata services answer. Whatever else resolves to them is caught when a node is connected to. */
const metadataNames = new Set([
  "metadata.google.internal",
  "metadata.goog",
  "metadata",
  "instance-data",
  "instance-data.ec2.internal",
]);

/** Class of an IPv4 or IPv6 address in text form (no brackets); undefined when it is no address. */
export function addressClass(address: string): AddressClass | undefined {
  if (!ipaddr.isValid(address)) return undefined;
  return classOf(ipaddr.parse(address));
}

/**
 * Class of a URL's host as it is written: a name's addresses are only known when it is resolved, so a name counts
 * as public unless it says what it is (`localhost`, RFC 6761).
 */
export function hostClass(host: string): AddressClass {
  const bare = host.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const byAddress = addressClass(bare);
  if (byAddress) return byAddress;
  if (bare === "localhost" || bare.endsWith(".localhost")) return "loopback";
  return metadataNames.has(bare) ? "never" : "public";
}

/** Why a node can't have an address of this class; undefined when it can. */
export function addressProblem(kind: AddressClass, allowPrivate: boolean): string | undefined {
  switch (kind) {
    case "public":
      return undefined;
    case "loopback":
    case "private":
      return allowPrivate
        ? undefined
        : `${kind} addresses are not allowed (setting allowPrivateNodes is false)`;
    case "never":
      return "link-local, metadata, multicast and reserved addresses are never allowed";
    default:
      return kind satisfies never;
  }
}

type Address = ReturnType<typeof ipaddr.parse>;

function classOf(address: Address): AddressClass {
  const inner = embeddedIPv4(address);
  if (inner) return classOf(inner);
  if (metadataRanges.some((range) => address.kind() === range[0].kind() && address.match(range)))
    return "never";
  // ipaddr.js knows more ranges than its types do; what is not listed here is refused.
  switch (address.range() as string) {
    case "unicast":
    case "as112":
    case "as112v6":
      return "public";
    case "private":
    case "carrierGradeNat": // EKS pods, Tailscale
    case "uniqueLocal":
      return "private";
    case "loopback":
      return "loopback";
    default:
      return isBenchmarking(address) ? "private" : "never";
  }
}

/** 198.18.0.0/15 (RFC 2544): what VPN clients with made-up addresses resolve every name to. */
function isBenchmarking(address: Address): boolean {
  return address.kind() === "ipv4" && address.match(ipaddr.parseCIDR("198.18.0.0/15"));
}

/** The IPv4 address that packets to an IPv6 address end up at: mapped, compatible, NAT64 and 6to4 forms. */
function embeddedIPv4(address: Address): Address | undefined {
  if (address.kind() !== "ipv6") return undefined;
  const bytes = address.toByteArray();
  const last = () => ipaddr.fromByteArray(bytes.slice(12));
  switch (address.range() as string) {
    case "ipv4Mapped": // ::ffff:a.b.c.d
    case "rfc6145": // ::ffff:0:a.b.c.d
    case "rfc6052": // 64:ff9b::a.b.c.d
      return last();
    case "6to4": // 2002:aabb:ccdd::
      return ipaddr.fromByteArray(bytes.slice(2, 6));
    case "unicast": // ::a.b.c.d, deprecated
      return bytes.slice(0, 12).every((byte) => byte === 0) ? last() : undefined;
    default:
      return undefined;
  }
}
