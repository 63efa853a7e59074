import { BSON } from 'mongodb';

/** The BSON documents of a message. */
export interface MongoBody {
  readonly document: Buffer;
  readonly sequences: readonly { readonly name: string; readonly documents: readonly Buffer[] }[];
}

const OP_CODE_AT = 12;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const FLAGS_AT = 16;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;

/** For a request: the server sends no reply. For a reply: another reply follows without a request. */
export function hasMoreToCome(message: Buffer): boolean {
  const isMsg = message.readInt32LE(OP_CODE_AT) === OP_MSG;
  return isMsg && (message.readUInt32LE(FLAGS_AT) & MORE_TO_COME) !== 0;
}

/** Undefined unless it is OP_MSG or the first handshake, which drivers still send as OP_QUERY. */
export function findBody(message: Buffer): MongoBody | undefined {
  switch (message.readInt32LE(OP_CODE_AT)) {
    case OP_MSG:
      return findSections(message);
    case OP_QUERY:
      return { document: documentAt(message, message.indexOf(0, FLAGS_AT + 4) + 9), sequences: [] };
    case OP_REPLY:
      return { document: documentAt(message, FLAGS_AT + 20), sequences: [] };
    default:
      return undefined;
  }
}

/** Decodes all of it, with sequences as arrays under their names. */
export function decodeBody({ document, sequences }: MongoBody): BSON.Document {
  const arrays = sequences.map(({ name, documents }) => [
    name,
    documents.map((each) => BSON.deserialize(each)),
  ]);
  return { ...BSON.deserialize(document), ...Object.fromEntries(arrays) };
}

/** The first field's name, and its value if that is a string: a command and usually its collection. */
export function firstField(document: Buffer): { readonly name: string; readonly text: string | undefined } {
  const [type, nameAt] = [document[4], 5];
  if (type === 0) return { name: '', text: undefined };
  const nameEnd = document.indexOf(0, nameAt);
  const name = document.toString('utf8', nameAt, nameEnd);
  if (type !== BSON.BSONType.string) return { name, text: undefined };
  const textAt = nameEnd + 5;
  const textEnd = textAt + document.readInt32LE(nameEnd + 1) - 1;
  return { name, text: document.toString('utf8', textAt, textEnd) };
}

function findSections(message: Buffer): MongoBody | undefined {
  const hasChecksum = (message.readUInt32LE(FLAGS_AT) & CHECKSUM_PRESENT) !== 0;
  const end = message.length - (hasChecksum ? 4 : 0);
  let document: Buffer | undefined;
  const sequences: MongoBody['sequences'][number][] = [];
  for (let at = FLAGS_AT + 4; at < end; ) {
    const isSequence = message[at] === 1;
    const section = documentAt(message, at + 1);
    if (isSequence) sequences.push(toSequence(section));
    else document = section;
    at += 1 + section.length;
  }
  return document && { document, sequences };
}

/** Like a document, a section starts with its length, which includes the length field. */
function toSequence(section: Buffer): MongoBody['sequences'][number] {
  const nameEnd = section.indexOf(0, 4);
  const documents: Buffer[] = [];
  for (let at = nameEnd + 1; at < section.length; at += documents.at(-1)?.length ?? section.length) {
    documents.push(documentAt(section, at));
  }
  return { name: section.toString('utf8', 4, nameEnd), documents };
}

function documentAt(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(at, at + bytes.readInt32LE(at));
}
