import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Certificate {
  key: string;
  cert: string;
}

/** A certificate authority of its own, made with openssl. */
export class Authority {
  private readonly folder = mkdtempSync(path.join(tmpdir(), "ca-"));
  /** PEM file with the authority's certificate. */
  readonly file = path.join(this.folder, "ca.pem");
  private count = 0;

  constructor(name = "Test authority") {
    this.openssl("req", "-x509", ...newKey("ca.key"), "-subj", `/CN=${name}`, "-days", "2", "-out", "ca.pem");
  }

  /** @param names as openssl writes them: `DNS:node.example`, `IP:127.0.0.1` */
  issue(...names: string[]): Certificate {
    const name = `node${this.count++}`;
    writeFileSync(path.join(this.folder, `${name}.ext`), `subjectAltName=${names.join(",")}\n`);
    this.openssl("req", ...newKey(`${name}.key`), "-subj", "/CN=node", "-out", `${name}.csr`);
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
    this.openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signed,
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.pem`,
    );
    const read = (file: string) => readFileSync(path.join(this.folder, file), "utf8");
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private openssl(...parameters: string[]): void {
    execFileSync("openssl", parameters, { cwd: this.folder, stdio: "pipe" });
  }
}

function newKey(file: string): string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file];
}
