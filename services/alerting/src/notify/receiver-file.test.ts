import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { dueAtMs, readReceivers, wants } from './receiver-file.ts';
import { Secret } from './secret.ts';
import type { SecretSource } from './secret-schema.ts';

const KEY = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

const source: SecretSource = {
  env: {
    ODO_KEY: KEY,
    ODO_SHORT: 'whsec_c2hvcnQ=',
    ODO_URL: 'https://chat.example.com/T0/hidden-path',
    EMPTY: ' ',
  },
  readFile: (path) => {
    if (path === '/key') return `${KEY}\n`;
    if (path === '/ca.pem') return '-----BEGIN CERTIFICATE-----\n';
    throw new Error(`ENOENT ${path}`);
  },
};

function read(text: string) {
  const result = readReceivers(text, source);
  return 'receivers' in result ? result.receivers : [];
}

function findingsIn(text: string): readonly string[] {
  const result = readReceivers(text, source);
  if (!('findings' in result)) return [];
  return result.findings.map(
    ({ line, column, field, description }) => `${line}:${column} ${field}: ${description}`,
  );
}

const webhook = (part: string) => `- name: a\n  webhook:\n    secrets: [{ env: ODO_KEY }]\n    ${part}\n`;

describe('a file of receivers', () => {
  test('has them with their defaults, and their secrets where nothing prints them', () => {
    const [hook, log] = read(`${webhook('url: https://example.com/hook')}- name: b\n  log: {}\n`);
    expect(hook).toMatchObject({
      ...{ name: 'a', severities: ['info', 'warning', 'critical'], groupWaitMs: 30_000 },
      target: { kind: 'webhook', allowHttp: false, allowNetworks: [] },
    });
    expect(log?.target).toEqual({ kind: 'log' });
    if (hook?.target.kind !== 'webhook') throw new Error('not a webhook');
    expect(hook.target.secrets.map((secret) => secret.reveal())).toEqual([KEY]);
    const printed = `${inspect(hook, { depth: 9, showHidden: true })}${JSON.stringify(hook)}${hook.target.secrets}`;
    expect(printed).not.toContain(KEY.slice(8, 30));
  });

  test('may have secrets in files, and a URL as a secret', () => {
    const [hook] = read(
      `- name: a\n  webhook: { url: { env: ODO_URL }, secrets: [{ file: /key }], ca_file: /ca.pem }\n`,
    );
    if (hook?.target.kind !== 'webhook') throw new Error('not a webhook');
    expect(hook.target.url.reveal()).toBe('https://chat.example.com/T0/hidden-path');
    expect(hook.target.ca).toContain('BEGIN CERTIFICATE');
  });

  test('may be the sample, whose secrets are elsewhere', () => {
    const sample = readFileSync(resolve(import.meta.dirname, '../../receivers/receivers.yaml'), 'utf8');
    const env = { ODO_NIGHT_SHIFT_SECRET: KEY, ODO_SMTP_PASSWORD: 'x' };
    const result = readReceivers(sample, { env, readFile: () => KEY });
    expect(result).toMatchObject({
      receivers: [
        { name: 'night-shift', target: { kind: 'webhook' } },
        {
          name: 'workshop',
          groupWaitMs: 300_000,
          target: { kind: 'email', port: 587, security: 'starttls' },
        },
        { name: 'operations', target: { kind: 'alertmanager', allowHttp: true } },
        { name: 'log', groupWaitMs: 0, target: { kind: 'log' } },
      ],
    });
  });

  test.each([
    [
      '- nme: a\n  log: {}\n',
      ['1:3 [0].name: is missing', '1:8 [0].nme: is not a field here: did you mean name?'],
    ],
    ['- name: A b\n  log: {}\n', ['1:9 [0].name: must be a name of a-z']],
    ['- name: a\n', ['1:3 [0]: must have one of webhook, email, alertmanager, log']],
    [
      '- name: a\n  log: {}\n  email: { host: x, from: a@b.c, to: [a@b.c] }\n',
      ['must have one of webhook, email'],
    ],
    [
      '- name: a\n  webhok: {}\n',
      ['2:11 [0].webhok: is not a field here: did you mean webhook?', 'must have one of'],
    ],
    ['- name: a\n  log: {}\n- name: a\n  log: {}\n', ['3:9 [1].name: is the name of two receivers: a']],
    ['- name: a\n  log: {}\n  severities: [critcal]\n', ['3:16 [0].severities[0]: must be one of info']],
    [
      '- name: a\n  log: {}\n  severities: []\n',
      ['3:15 [0].severities: must have one of severities or more'],
    ],
    ['- name: a\n  log: {}\n  group_wait: 30\n', ['3:15 [0].group_wait: must be a duration such as 30s']],
    ['- name: a\n  log: {}\n  group_wait: 2h\n', ['3:15 [0].group_wait: must be at most 1h']],
    ['name: a\nlog: {}\n', ['must be a list of receivers']],
    ['', ['has no receiver']],
    ['- name: a\n  log: {}\n---\n- name: b\n  log: {}\n', ['must have one list of receivers']],
    [
      webhook('url: http://example.com'),
      ['4:10 [0].webhook.url: must begin with https://, or have allow_http'],
    ],
    [
      webhook('url: https://10.0.0.1'),
      ['4:10 [0].webhook.url: is for 10.0.0.1, which is not a public address'],
    ],
    [webhook('url: 7'), ['4:10 [0].webhook.url: must be a URL']],
    [webhook('allow_http: true'), ['3:5 [0].webhook.url: is missing']],
    [webhook('{ url: x'), ['']],
    [
      '- name: a\n  webhook: { url: https://x.example, allow_networks: [10.0.0.0] }\n',
      ['secrets: is missing', 'a network such as'],
    ],
    ['- name: a\n  webhook: { url: https://x.example, secrets: [] }\n', ['must have one of secrets or more']],
    [
      '- name: a\n  webhook: { url: https://x.example, secrets: [{ env: NOT_SET }] }\n',
      ['secrets[0]: is not set'],
    ],
    [
      '- name: a\n  webhook: { url: https://x.example, secrets: [{ env: EMPTY }] }\n',
      ['secrets[0]: is not set'],
    ],
    [
      '- name: a\n  webhook: { url: https://x.example, secrets: [{ file: /no }] }\n',
      ['is a file that is empty or cannot'],
    ],
    [
      '- name: a\n  webhook: { url: https://x.example, secrets: [{ env: A, file: B }] }\n',
      ['must be { env: NAME }'],
    ],
    [
      '- name: a\n  webhook: { url: https://x.example, secrets: [{ env: ODO_SHORT }] }\n',
      ['must have 24 to 64 bytes'],
    ],
    ['- name: a\n  email: { host: x, from: me, to: [a@b.c] }\n', ['an address such as']],
    ['- name: a\n  email: { host: x, from: "a@b.c\\r\\nBcc: d@e.f", to: [a@b.c] }\n', ['an address such as']],
    [
      '- name: a\n  email: { host: x, from: a@b.c, to: [a@b.c], security: ssl }\n',
      ['must be one of tls, starttls, none'],
    ],
    [
      '- name: a\n  email: { host: x, from: a@b.c, to: [a@b.c], security: none, password: { env: ODO_KEY } }\n',
      ['because it has a password'],
    ],
    [
      '- name: a\n  alertmanager: { url: http://127.0.0.1:9093, allow_http: true }\n',
      ['127.0.0.1, which is not a public'],
    ],
  ])('that is wrong says where, what was expected, and the nearest name: %j', (text, expected) => {
    const findings = findingsIn(text);
    for (const part of expected) expect(findings.join('\n')).toContain(part);
    expect(findings.length).toBeGreaterThan(0);
  });

  test.each([
    `secrets: [${KEY}]`,
    `secrets: ${KEY}`,
    `secrets: [{ env: "${KEY}" }]`,
    `secrets: [{ file: "${KEY}" }]`,
    `secrets: [{ env: [${KEY}] }]`,
    `secret: ${KEY}`,
    `secrets: [${KEY}`,
    `secrets: "${KEY}`,
    `secrets: !${KEY} x`,
    `secrets: {${KEY}`,
    `url: https://me:${KEY}@example.com`,
    `url: ftp://example.com/${KEY}`,
    `url: [${KEY}]`,
  ])('never has a secret in a finding, also if it is there by mistake: %s', (part) => {
    const findings = findingsIn(`- name: a\n  webhook:\n    ${part}\n`);
    expect(findings.length).toBeGreaterThan(0);
    expect(findings.join('\n')).not.toContain(KEY.slice(8, 30));
  });
});

test('another fingerprint comes with another configuration, and not with another secret', () => {
  const fingerprint = (text: string, env = source.env) => {
    const result = readReceivers(text, { ...source, env });
    return 'receivers' in result ? result.receivers[0]?.fingerprint : undefined;
  };
  const text = webhook('url: https://example.com/a');
  const other = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;
  expect(fingerprint(text)).toBe(fingerprint(text, { ...source.env, ODO_KEY: other }));
  expect(fingerprint(text)).not.toBe(fingerprint(webhook('url: https://example.com/b')));
});

test('what is critical is due at once, and the rest after the wait of the group', () => {
  const settings = { groupWaitMs: 30_000, severities: ['warning', 'critical'] } as const;
  expect(dueAtMs(settings, 'critical', 1_000)).toBe(1_000);
  expect(dueAtMs(settings, 'warning', 1_000)).toBe(31_000);
  expect([wants(settings, 'info'), wants(settings, 'warning')]).toEqual([false, true]);
});

test('a secret is not shown by a text or JSON', () => {
  expect(`${new Secret('x')} ${JSON.stringify({ a: new Secret('x') })}`).toBe('*** {"a":"***"}');
});
