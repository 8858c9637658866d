import * as pulumi from "@pulumi/pulumi";
import { answerCall, answerResource } from "./mockAws";

export interface RecordedResource {
  type: string;
  name: string;
  /** As the provider would get them; secrets are unwrapped, their paths listed in `secrets`. */
  inputs: Record<string, unknown>;
  secrets: string[];
  /** `<urn>::<id>` of the explicit provider, empty for the default one. */
  provider: string;
  custom: boolean;
}

/** What a program declared. */
export class RecordedStack {
  constructor(readonly resources: RecordedResource[]) {}

  /** Resources of a type, in order of their names. */
  all(type: string): RecordedResource[] {
    return this.resources
      .filter((resource) => resource.type === type)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Inputs of the one resource of a type (and name). */
  one(type: string, name?: string): Record<string, unknown> {
    const found = this.all(type).filter((resource) => name === undefined || resource.name === name);
    if (found.length !== 1) {
      const there = this.resources.map((resource) => `${resource.type} ${resource.name}`).join("\n  ");
      throw new Error(`${found.length} resources are ${type} ${name ?? ""}; there are:\n  ${there}`);
    }
    return found[0]!.inputs;
  }

  /** `type name` of each AWS resource, sorted. */
  list(): string[] {
    return this.resources
      .filter((resource) => resource.custom)
      .map((resource) => `${resource.type} ${resource.name}`)
      .sort();
  }

  /** Statements of the inline policy of a role. */
  policy(name: string): { Action: string[]; Resource: string[]; Condition?: unknown }[] {
    return JSON.parse(this.one("aws:iam/rolePolicy:RolePolicy", name).policy as string).Statement;
  }
}

/** Runs `build` under mocks and waits until everything it declared has been registered. */
export async function recordStack(build: () => unknown): Promise<RecordedStack> {
  const resources: RecordedResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        const secrets: string[] = [];
        const inputs = unwrap(args.inputs, "", secrets) as Record<string, unknown>;
        resources.push({
          type: args.type,
          name: args.name,
          inputs,
          secrets,
          provider: args.provider ?? "",
          custom: args.custom ?? false,
        });
        return answerResource(args.type, args.name, inputs);
      },
      call: (args) => answerCall(args.token, args.inputs),
    },
    "jsonrpc-gateway",
    "test",
    false,
  );
  build();
  await settled();
  // Subscriptions to buckets are declared when the program has nothing else to do.
  for (const listener of process.listeners("beforeExit")) listener.call(process, 0);
  await settled();
  return new RecordedStack(resources);
}

async function settled(): Promise<void> {
  const { waitForRPCs } = pulumi.runtime as unknown as { waitForRPCs(): Promise<void> };
  await waitForRPCs();
}

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

function unwrap(value: unknown, path: string, secrets: string[]): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item, index) => unwrap(item, `${path}[${index}]`, secrets));
  if (pulumi.asset.Asset.isInstance(value) || pulumi.asset.Archive.isInstance(value)) return value;
  const map = value as Record<string, unknown>;
  if (map[signature] === secretSignature) {
    secrets.push(path);
    return unwrap(map.value, path, secrets);
  }
  return Object.fromEntries(
    Object.entries(map).map(([key, item]) => [key, unwrap(item, path ? `${path}.${key}` : key, secrets)]),
  );
}
