import { SEVERITIES } from '@odograph/kernel/alert-event';
import { isFault } from '@odograph/kernel/fault';
import * as v from 'valibot';
import { choice, duration, expected, fields, name, number, text } from '../documents/fields.ts';
import { EMAIL_SECURITY } from './receivers/email.ts';
import { signerOf } from './receivers/signature.ts';
import { flawOfUrl, isNetwork } from './receivers/target.ts';
import { Secret } from './secret.ts';
import { certificatesIn, type SecretSource, secretIn } from './secret-schema.ts';

/** A receiver as people write it, with its secrets read and its durations in milliseconds. */
export type ReceiverDocument = v.InferOutput<ReturnType<typeof receiverDocument>>;

export const RECEIVER_LIMITS = {
  ...{ receivers: 100, secrets: 4, networks: 32, addresses: 50 },
  groupWaitMs: 3_600_000,
};

const KINDS = ['webhook', 'email', 'alertmanager', 'log'] as const;
const ADDRESS = /^(?:[^\r\n<>@]{1,100}<[^\s<>@]{1,64}@[\w.-]{1,255}>|[^\s<>@]{1,64}@[\w.-]{1,255})$/;

const list = <Item extends v.GenericSchema>(item: Item, what: string, max: number, min = 1) =>
  v.pipe(
    v.array(item, (issue) => (issue.received === 'undefined' ? 'is missing' : `must be a list of ${what}`)),
    v.minLength(min, `must have one of ${what} or more`),
    v.maxLength(max, `must have at most ${max}`),
  );

const address = text('an address such as alerts@example.com', ADDRESS);

const network = v.pipe(
  v.string('must be a network such as 10.0.0.0/8'),
  v.check(isNetwork, (issue) => expected('a network such as 10.0.0.0/8', issue.received)),
);

const writtenUrl = v.pipe(
  v.string('must be a URL, or { env: NAME } or { file: path } that has it'),
  v.transform((url) => new Secret(url)),
);

/** Text, or a secret if its path must not be seen. {@link hasGoodUrl} checks what it is. */
const urlIn = (source: SecretSource): v.GenericSchema<unknown, Secret> =>
  v.lazy((input) => (typeof input === 'object' ? secretIn(source) : writtenUrl));

const targetIn = (source: SecretSource) => ({
  url: urlIn(source),
  allow_http: v.optional(v.boolean('must be true or false'), false),
  allow_networks: v.optional(list(network, 'networks', RECEIVER_LIMITS.networks, 0), []),
  ca_file: v.optional(certificatesIn(source)),
});

interface WrittenTarget {
  readonly url: Secret;
  readonly allow_http: boolean;
  readonly allow_networks: readonly string[];
}

/** The URL is not repeated: it may have a password. */
const hasGoodUrl = <Written extends WrittenTarget>() =>
  v.rawCheck<Written>(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { url, allow_http: allowHttp, allow_networks: allowNetworks } = dataset.value;
    const flaw = flawOfUrl(url.reveal(), { allowHttp, allowNetworks });
    if (flaw !== undefined) addIssue({ message: flaw, path: [pathItem(dataset.value, 'url')] });
  });

const pathItem = (input: object, key: string) =>
  ({
    type: 'object',
    origin: 'value',
    input: input as Record<string, unknown>,
    key,
    value: undefined,
  }) as const;

const signingSecret = (source: SecretSource) =>
  v.pipe(
    secretIn(source),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      try {
        signerOf(dataset.value.reveal());
      } catch (error) {
        if (!isFault(error)) throw error;
        addIssue({ message: `is wrong: ${error.message}` });
      }
    }),
  );

const webhookIn = (source: SecretSource) =>
  v.pipe(
    fields({
      ...targetIn(source),
      secrets: list(signingSecret(source), 'secrets', RECEIVER_LIMITS.secrets),
    }),
    hasGoodUrl(),
  );

const loginIn = (source: SecretSource) => ({
  user: v.optional(v.string('must be the name of a user')),
  password: v.optional(secretIn(source)),
});

const alertmanagerIn = (source: SecretSource) =>
  v.pipe(fields({ ...targetIn(source), ...loginIn(source) }), hasGoodUrl());

const emailIn = (source: SecretSource) =>
  v.pipe(
    fields({
      host: text('the name of a host', /^[\w.:-]{1,255}$/),
      port: v.optional(number('a port', 1, 65_535), 587),
      security: v.optional(choice(EMAIL_SECURITY), 'starttls'),
      ca_file: v.optional(certificatesIn(source)),
      from: address,
      to: list(address, 'addresses', RECEIVER_LIMITS.addresses),
      ...loginIn(source),
    }),
    v.check(
      ({ security, password }) => security !== 'none' || password === undefined,
      'must have security tls or starttls, because it has a password',
    ),
  );

const receiverDocument = (source: SecretSource) =>
  v.pipe(
    fields({
      name,
      severities: v.optional(list(choice(SEVERITIES), 'severities', SEVERITIES.length), [...SEVERITIES]),
      group_wait: v.optional(
        v.pipe(duration, v.maxValue(RECEIVER_LIMITS.groupWaitMs, 'must be at most 1h')),
        '30s',
      ),
      webhook: v.optional(webhookIn(source)),
      email: v.optional(emailIn(source)),
      alertmanager: v.optional(alertmanagerIn(source)),
      log: v.optional(fields({})),
    }),
    v.check(
      (written) => KINDS.filter((kind) => written[kind] !== undefined).length === 1,
      `must have one of ${KINDS.join(', ')}`,
    ),
  );

/** A list of receivers, each with its own name. */
export const receiverList = (source: SecretSource) =>
  v.pipe(
    v.array(receiverDocument(source), 'must be a list of receivers, each with a name'),
    v.maxLength(RECEIVER_LIMITS.receivers, `must have at most ${RECEIVER_LIMITS.receivers} receivers`),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const names = dataset.value.map((each) => each.name);
      for (const [at, each] of names.entries())
        if (names.indexOf(each) < at)
          addIssue({
            message: `is the name of two receivers: ${each}`,
            path: [
              { type: 'array', origin: 'value', input: dataset.value, key: at, value: dataset.value[at] },
              pathItem(dataset.value[at] ?? {}, 'name'),
            ],
          });
    }),
  );
