import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import type { RecordedResource } from "./recordStack";

/** Files of an archive, written below `folder` as Lambda would unpack them. */
async function unpack(archive: pulumi.asset.AssetArchive, folder: string): Promise<void> {
  for (const [path, asset] of Object.entries(await archive.assets)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    const { text, path: source } = asset as unknown as { text?: Promise<string>; path?: Promise<string> };
    if (text !== undefined) writeFileSync(target, await text);
    else if (source !== undefined) cpSync(await source, target, { recursive: true });
    else throw new Error(`${path} is neither text nor file.`);
  }
}

/** Unpacks every function's archive into `folder/<name>`; in the result a hash of its files stands for it. */
export async function writeArchives(
  resources: RecordedResource[],
  folder: string,
): Promise<RecordedResource[]> {
  return Promise.all(
    resources.map(async (resource) => {
      if (resource.type !== "aws:lambda/function:Function") return resource;
      const target = join(folder, resource.name);
      await unpack(resource.inputs.code as pulumi.asset.AssetArchive, target);
      return { ...resource, inputs: { ...resource.inputs, code: hashFolder(target) } };
    }),
  );
}

export function filesOf(folder: string, prefix = ""): string[] {
  return readdirSync(join(folder, prefix))
    .sort()
    .flatMap((name) => {
      const path = join(prefix, name);
      return statSync(join(folder, path)).isDirectory() ? filesOf(folder, path) : [path];
    });
}

function hashFolder(folder: string): string {
  const hash = createHash("sha256");
  for (const path of filesOf(folder)) hash.update(`${path}\0`).update(readFileSync(join(folder, path)));
  return hash.digest("hex");
}
