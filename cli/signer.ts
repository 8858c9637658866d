import { createHash, createHmac, type Hash } from "node:crypto";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { SignatureV4 } from "@smithy/signature-v4";

interface SignableRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string;
}
/** @returns the headers to send */
export type Sign = (request: SignableRequest) => Promise<Record<string, string>>;

const apiGatewayHost = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;

export function isApiGateway(host: string): boolean {
  return apiGatewayHost.test(host);
}

export interface SignerOptions {
  profile?: string;
  /** Needed where the host's name does not tell (a domain of your own). */
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** Signs calls to API Gateway with the operator's usual AWS credentials (environment, profile, SSO, instance). */
export function createSigner(host: string, { profile, region, credentials }: SignerOptions): Sign {
  const signer = new SignatureV4({
    service: "execute-api",
    region: region ?? apiGatewayHost.exec(host)?.[1] ?? process.env.AWS_REGION ?? "us-east-1",
    credentials: credentials ?? defaultProvider({ profile }),
    sha256: Sha256,
  });
  return async ({ method, url, headers, body }) => {
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      body,
    });
    const { host: _host, ...rest } = signed.headers;
    return rest;
  };
}

/** Node's SHA-256 in the shape that the signer asks for. */
class Sha256 {
  readonly #hash: Pick<Hash, "update" | "digest">;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    const key = typeof secret === "string" || secret === undefined ? secret : bytesOf(secret);
    this.#hash = key === undefined ? createHash("sha256") : (createHmac("sha256", key) as unknown as Hash);
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === "string" ? data : bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
