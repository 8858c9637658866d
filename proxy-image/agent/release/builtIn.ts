import type { ReleaseFiles } from "../../../functions/domain/release";

/** Rendered with the default settings and no nodes when the agent is bundled (see `proxy-image/build.ts`). */
declare const BUILT_IN_FILES: ReleaseFiles;

/** What nginx runs while there is no release: every call is answered with 503 and a JSON-RPC error. */
export const builtInFiles: ReleaseFiles = BUILT_IN_FILES;
