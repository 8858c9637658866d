import type { Table } from "./table";

const factKey = (name: string) => ({ pk: "FACT", sk: name });

/** Small values that outlive a run. */
export class Facts {
  /** Values that never change once they are there. */
  private readonly constants = new Map<string, string>();

  constructor(private readonly table: Table) {}

  async get(name: string): Promise<string | undefined> {
    const value = (await this.table.get(factKey(name)))?.value;
    return typeof value === "string" ? value : undefined;
  }

  async put(name: string, value: string): Promise<void> {
    await this.table.put({ ...factKey(name), value });
  }

  /** The value of a constant, made up by whoever needs it first. */
  async getOrCreate(name: string, create: () => string): Promise<string> {
    const known = this.constants.get(name) ?? (await this.get(name));
    const value = known ?? (await this.createOnce(name, create()));
    this.constants.set(name, value);
    return value;
  }

  private async createOnce(name: string, value: string): Promise<string> {
    const isAbsent = { expression: "attribute_not_exists(pk)" };
    if (await this.table.putIf({ ...factKey(name), value }, isAbsent)) return value;
    const theirs = await this.get(name);
    if (theirs === undefined) throw new Error(`Fact ${name} can't be created.`);
    return theirs;
  }
}
