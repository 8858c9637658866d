/** An nginx with njs that the data plane runs on. */
export interface NginxInstallation {
  /** Program and leading arguments. */
  command: string[];
  /** Path for `load_module`. */
  module: string;
  version: string;
  njsVersion: string;
  source: "system" | "debian" | "container";
}

/** No nginx to be had; the message says what was tried and what to install. */
export class NginxUnavailableError extends Error {
  override readonly name = "NginxUnavailableError";
  constructor(readonly tried: { way: string; why: string }[]) {
    super(
      [
        "No nginx that can run the proxy was found, and none could be fetched.",
        ...tried.map(({ way, why }) => `  ${way}: ${why}`),
        "Install nginx 1.29 or newer with its njs module (packages nginx and nginx-module-njs, or libnginx-mod-http-js),",
        "or start Docker or Podman, and try again.",
      ].join("\n"),
    );
  }
}
