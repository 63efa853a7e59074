import type { Collection, Db } from 'mongodb';

/** What notices need to know of a revision of a rule. */
export interface RuleText {
  readonly description: string;
  readonly receivers: readonly string[];
}

const MAX_KEPT = 1_000;
const NO_TEXT: RuleText = { description: '', receivers: [] };

/** Each revision of each rule as it was written. They are never changed. */
export class RuleDocuments {
  readonly #documents: Collection<{ readonly _id: string; readonly document: string }>;
  readonly #read: (document: string) => RuleText | undefined;
  readonly #texts = new Map<string, RuleText>();

  /** @param read gives undefined for a document that only a newer program can read */
  constructor(db: Db, read: (document: string) => RuleText | undefined) {
    this.#documents = db.collection('alerting_rule_documents');
    this.#read = read;
  }

  async save(rule: string, revision: number, document: string): Promise<void> {
    await this.#documents.updateOne({ _id: idOf(rule, revision) }, { $set: { document } }, { upsert: true });
  }

  /** Empty for a revision that there is not. */
  async get(rule: string, revision: number): Promise<string> {
    return (await this.#documents.findOne({ _id: idOf(rule, revision) }))?.document ?? '';
  }

  async textOf(rule: string, revision: number): Promise<RuleText> {
    const id = idOf(rule, revision);
    const known = this.#texts.get(id);
    if (known) return known;
    const document = await this.get(rule, revision);
    const text = (document === '' ? undefined : this.#read(document)) ?? NO_TEXT;
    if (this.#texts.size >= MAX_KEPT) this.#texts.clear();
    if (document !== '') this.#texts.set(id, text);
    return text;
  }
}

const idOf = (rule: string, revision: number): string => `${rule}/${revision}`;
