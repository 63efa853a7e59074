import { Fault } from '@odograph/kernel/fault';
import { DEFAULT_REGISTRATION } from '@odograph/kernel/registration';
import { status } from './status.ts';
import { fromStatusDocument } from './status-document.ts';
import type { StatusSlice } from './status-slice.ts';

/** A slice as JSON, from which another program goes on; undefined of a vehicle that is not known. */
export function encodeState(slice: Readonly<StatusSlice>): Uint8Array | undefined {
  const [document] = status.toDocuments(slice);
  return document && new TextEncoder().encode(JSON.stringify(document));
}

/**
 * The slice that was encoded.
 * @throws {Fault} CORRUPT_LOG if it has another form
 */
export function decodeState(bytes: Uint8Array): StatusSlice {
  try {
    return fromStatusDocument(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    const message = `the state of a status is not in the form of version ${status.version} of the projection`;
    throw new Fault('CORRUPT_LOG', message, { cause: error });
  }
}

/** JSON has at most six bytes for each UTF-16 unit of a text. */
const BYTES_OF_UNIT = 6;
/** The names of the fields, two coordinates and a time. */
const SIGNAL_BYTES = 100;
/** The names of the other fields, times and versions. */
const OTHER_BYTES = 500;

/** The bytes of an encoded slice, or more. */
export function stateBytes({ latest, registration, vin }: Readonly<StatusSlice>): number {
  let bytes = OTHER_BYTES;
  for (const [name, { value, reportId }] of latest) {
    bytes += SIGNAL_BYTES + textBytes(name) + textBytes(reportId);
    if (typeof value === 'string') bytes += textBytes(value);
  }
  const { fleet, model, displayName, tags, capabilities } = registration?.value ?? DEFAULT_REGISTRATION;
  for (const text of [fleet, model, displayName, ...tags, ...capabilities, vin?.reportId ?? ''])
    bytes += textBytes(text);
  return bytes;
}

const textBytes = (text: string) => BYTES_OF_UNIT * text.length + 4;
