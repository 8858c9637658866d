import type { Socket } from "node:net";
import { WebSocket } from "ws";
import type { Running } from "../feed/hub";
import type { Caller } from "../road/road";

/** Why the gateway closes a socket; a fixed list, so that it can be a label. */
export type CloseReason = "key" | "slow reader" | "silent" | "drain" | "reload" | "start over";

/** RFC 6455, 7.4, and IANA's registry: 1012 service restart, 1013 try again later, 1008 policy violation. */
const closeCodes: Record<CloseReason, number> = {
  key: 1008,
  "slow reader": 1008,
  silent: 1001,
  drain: 1012,
  reload: 1012,
  "start over": 1012,
};

/**
 * A client's socket and what belongs to it. Ten thousands of these lie idle: no timers, no listeners of their own, and collections
 * only once they are needed.
 */
export class ClientSocket extends WebSocket {
  caller!: Caller;
  /** What it counts under: a key, or an address. */
  client!: string;
  path!: string;
  /** nginx workers of this generation carry it. */
  generation = 0;
  /** Heard of since the last ping. */
  heard = true;
  calls = 0;
  /** Frames read before reading could be stopped. */
  waiting: Buffer[] | undefined;
  subscriptions: Map<string, Running | undefined> | undefined;
  aborts: Set<AbortController> | undefined;
  closedFor: CloseReason | undefined;
  maxQueueBytes = 0;
  /** The connection below: frames that are ready are written to it as they are. */
  connection!: Socket;

  /** Writes finished frames, or cuts the reader off when too much waits for it already. */
  sendFrames(frames: Buffer): void {
    if (this.readyState !== WebSocket.OPEN) return;
    if (this.connection.writableLength > this.maxQueueBytes) {
      this.cut("slow reader");
      return;
    }
    this.connection.write(frames);
  }

  /** Closes in good order, with what still waits sent first. */
  closeFor(reason: CloseReason): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.closedFor = reason;
    this.close(closeCodes[reason], reason);
  }

  /** Closes a socket whose other side does not read: the close frame may not get there, and nothing may wait for that. */
  cut(reason: CloseReason): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.closeFor(reason);
    setTimeout(() => this.terminate(), cutAfterMs).unref();
  }
}

/** Time for a slow reader to get its close frame. */
const cutAfterMs = 2_000;
