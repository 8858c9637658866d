import { request } from "node:http";

const answerLimitBytes = 4 * 1024 * 1024;

export interface ControlAnswer {
  status: number;
  body: string;
}

/** One GET over a unix socket. @throws when there is no whole answer in time */
export function getOverSocket(socketPath: string, path: string, timeoutMs: number): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, path, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerLimitBytes) asked.destroy(new Error("answer is too large"));
          else chunks.push(chunk);
        });
        answer.on("end", () => {
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
        });
        answer.on("error", reject);
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}

/**
 * Client requests that nginx is reading or answering now, our own question not counted.
 * @see https://nginx.org/en/docs/http/ngx_http_stub_status_module.html
 */
export async function requestsInFlight(controlSocket: string, timeoutMs: number): Promise<number> {
  const { status, body } = await getOverSocket(controlSocket, "/nginx", timeoutMs);
  const counts = /Reading: (\d+) Writing: (\d+)/.exec(body);
  if (status !== 200 || !counts) throw new Error(`stub_status answered ${status}`);
  return Math.max(0, Number(counts[1]) + Number(counts[2]) - 1);
}
