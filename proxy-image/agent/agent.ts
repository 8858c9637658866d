import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ReleaseFiles } from "../../functions/domain/release";
import type { Registry } from "../../functions/ports/registry";
import type { ReleaseStore } from "../../functions/ports/releaseStore";
import type { AgentConfig } from "./config";
import { getOverSocket } from "./controlClient";
import { drain } from "./drain";
import { RunDirectoryInUseError, startHealthServer } from "./healthServer";
import { KeySync } from "./keys/keySync";
import { AccessLog } from "./logs/accessLog";
import { createErrorLog } from "./logs/errorLog";
import type { Logger } from "./logs/logger";
import type { Output } from "./logs/output";
import { ReleaseRedactor } from "./logs/redactor";
import { hasIpv6, nameServers, trustedCertificates, workerUser } from "./machine";
import { OldGenerations } from "./nginx/oldGenerations";
import { NginxSupervisor } from "./nginx/supervisor";
import { ReleaseInstaller } from "./release/installer";
import { LastGoodRelease } from "./release/lastGood";
import { ReleasePoller } from "./release/poller";
import { Rollout } from "./release/rollout";
import { Heartbeat } from "./report/heartbeat";
import { SocketsProcess } from "./socketsProcess";
import { sleep, waitFor } from "./wait";

const generationWatchMs = 1_000;
const answerLimitMs = 2_000;

export interface AgentParts {
  config: AgentConfig;
  taskId: string;
  store: Pick<ReleaseStore, "getCurrent">;
  registry: Pick<Registry, "putTask" | "deleteTask" | "listKeys" | "keysVersion">;
  sha256: (files: ReleaseFiles) => string;
  builtIn: ReleaseFiles;
  output: Output;
  logger: Logger;
  /** For what nginx says. */
  nginxLogger: Logger;
}

/** Everything that keeps one proxy task going, put together. */
export class Agent {
  readonly #parts: AgentParts;
  readonly #redactor = new ReleaseRedactor();
  readonly #supervisor: NginxSupervisor;
  readonly #poller: ReleasePoller;
  readonly #heartbeat: Heartbeat;
  readonly #accessLog: AccessLog;
  readonly #sockets: SocketsProcess;
  readonly #keys: KeySync;
  readonly #polling = new AbortController();
  #rollout: Rollout | undefined;
  #draining = false;

  constructor(parts: AgentParts) {
    const { config, logger, output, store, registry, sha256, taskId } = parts;
    this.#parts = parts;
    this.#supervisor = new NginxSupervisor({
      command: config.nginxCommand,
      runDirectory: config.runDirectory,
      controlSocket: config.controlSocket,
      errorLog: createErrorLog(parts.nginxLogger, this.#redactor.redact),
      logger,
    });
    this.#poller = new ReleasePoller({ store, sha256, intervalMs: config.releasePollMs, logger });
    this.#accessLog = new AccessLog({
      path: join(config.runDirectory, "access.log"),
      limitBytes: config.accessLogLimitBytes,
      output,
      logger,
      reopen: () => this.#supervisor.reopenLogs(),
    });
    this.#sockets = new SocketsProcess({
      file: config.socketsFile,
      runDirectory: config.runDirectory,
      drainMs: config.drainMs,
      trustedCertificates: config.trustedCertificates,
      logger,
      redact: this.#redactor.redact,
    });
    this.#keys = new KeySync({
      registry,
      runDirectory: config.runDirectory,
      controlSocket: config.controlSocket,
      intervalMs: config.releasePollMs,
      logger,
    });
    this.#heartbeat = new Heartbeat({
      registry,
      taskId,
      intervalMs: config.heartbeatMs,
      controlSocket: config.controlSocket,
      master: () => this.#supervisor.master,
      describe: () => this.#describe(),
      logger,
    });
  }

  /**
   * Healthy is a task that serves a release, or that knows there is none yet. One that started while the store could
   * not be reached is healthy with the copy on its disk, and without a copy not until it gets a release: on AWS
   * the tasks that it would replace go on serving. A running task stays healthy when the store fails. Where callers need keys, these
   * have to be there too, be it from the disk. A fresh task waits for its socket gateway.
   */
  get isHealthy(): boolean {
    if (this.#draining || !this.#supervisor.isRunning) return false;
    if (!this.#keys.isReady || !this.#sockets.isReady) return false;
    const version = this.#rollout?.version;
    return version !== undefined && (version > 0 || this.#poller.isStoreEmpty);
  }

  /** Resolves when nginx serves. @throws when it can't be made to */
  async start(): Promise<void> {
    const { config, logger } = this.#parts;
    await this.#takeRunDirectory();
    await startHealthServer(config.agentSocket, () => this.isHealthy);
    await this.#supervisor.removeOrphan();
    await this.#accessLog.start();
    const rollout = await this.#createRollout();
    await rollout.start(await this.#poller.first());
    this.#sockets.start();
    this.#watchGenerations();
    this.#heartbeat.start();
    this.#poller
      .run((release) => rollout.offer(release), this.#polling.signal)
      .catch((error: unknown) => logger.fatal({ err: error }, "release poller ended"));
  }

  /** Stops taking new work, lets calls in flight finish, and takes everything down. */
  async stop(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    const { config, logger } = this.#parts;
    logger.info("draining");
    this.#polling.abort();
    this.#heartbeat.soon();
    // Beside nginx's drain, which is over when the last socket is closed.
    const socketsClosed = sleep(config.serveOnMs).then(() => this.#sockets.stop());
    if (this.#supervisor.isRunning) {
      await drain({
        controlSocket: config.controlSocket,
        serveOnMs: config.serveOnMs,
        limitMs: config.drainMs,
        stopNginx: async (graceMs) => {
          await this.#heartbeat.count();
          await this.#supervisor.stop(graceMs);
        },
        logger,
      });
    } else {
      await this.#supervisor.stop(0);
    }
    this.#keys.stop();
    await Promise.all([socketsClosed, this.#heartbeat.stop(), this.#accessLog.stop()]);
  }

  /** An agent that is alive answers on its socket; a socket without one is left over. */
  async #takeRunDirectory(): Promise<void> {
    const { runDirectory, agentSocket } = this.#parts.config;
    await mkdir(runDirectory, { recursive: true, mode: 0o700 });
    const other = await getOverSocket(agentSocket, "/health", 1_000).catch(() => undefined);
    if (other) throw new RunDirectoryInUseError(`Another agent is at work in ${runDirectory}.`);
  }

  async #createRollout(): Promise<Rollout> {
    const { config, logger, builtIn, sha256 } = this.#parts;
    const installer = new ReleaseInstaller({
      runDirectory: config.runDirectory,
      nginxCommand: config.nginxCommand,
      constants: {
        runDirectory: config.runDirectory,
        njsDirectory: config.njsDirectory,
        nginxModule: config.nginxModule,
        port: config.port,
        listenIpv6: hasIpv6(),
        metricsPort: config.metricsPort,
        resolver: config.resolver ?? (await nameServers()),
        trustedCertificates: await trustedCertificates(config.runDirectory, config.trustedCertificates),
        workers: config.workers,
        callsInFlight: config.callsInFlight,
        contextsKept: Math.ceil(config.callsInFlight / config.workers),
        user: workerUser(),
      },
      redactor: this.#redactor,
    });
    await installer.prepare();
    this.#rollout = new Rollout({
      proxy: {
        start: () => this.#supervisor.start(),
        reload: () => this.#supervisor.reload(),
        answers: async () => (await waitFor(() => this.#runsScripts(), answerLimitMs, 50)) ?? false,
      },
      installer,
      lastGood: new LastGoodRelease(config.runDirectory, sha256),
      builtIn,
      keys: this.#keys,
      logger,
      onChange: () => this.#heartbeat.soon(),
    });
    return this.#rollout;
  }

  async #runsScripts(): Promise<boolean> {
    const answer = await getOverSocket(this.#parts.config.controlSocket, "/stats", 500).catch(
      () => undefined,
    );
    return answer?.status === 200;
  }

  #watchGenerations(): void {
    const generations = new OldGenerations(this.#parts.logger);
    const look = async () => generations.update(await this.#supervisor.workers());
    setInterval(() => void look().catch(() => {}), generationWatchMs).unref();
  }

  #describe() {
    const releaseVersion = this.#rollout?.version;
    if (releaseVersion === undefined) return undefined;
    const badRelease = this.#rollout?.badRelease;
    return { releaseVersion, draining: this.#draining, ...(badRelease ? { badRelease } : {}) };
  }
}
