import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { Random } from '@odograph/kernel/random';
import type { ServerName } from '../contract.ts';
import { frameMessage } from '../messages/framing.ts';
import { drawMessage, drawRepeated, repeatedFields } from '../messages/message.ts';
import { judgeAnswers } from '../verdict/judge-answer.ts';
import { type Answer, call } from '../wire/call.ts';
import type { Script } from './input.ts';

/** Just below the limits of a message: 64 KiB on history, 1 MB on ingest. */
const SIZES = [65_000, 980_000] as const;
const DEADLINE_MS = 1_000;

/** Each repeated field of each request, as long as a message may be. */
const repeatedFieldsOf = (server: ServerName): Script => ({
  name: `repeated fields, ${server}`,
  async run({ methods, servers, lag }, random) {
    const answers: Answer[] = [];
    for (const { path, request } of methods.filter((method) => method.server === server)) {
      const messages = repeatedFields(request).flatMap((field) => messagesOf(request, field, random));
      for (const message of messages) {
        const asked = { path, bytes: frameMessage(message), deadlineMs: DEADLINE_MS };
        answers.push(await call(servers[server].session(), lag, asked));
      }
    }
    return judgeAnswers(...answers);
  },
});

/** A field alone, with likely others, and of hostile values. */
function messagesOf(request: DescMessage, field: DescField, random: Random): readonly Uint8Array[] {
  const plain = { random, hostility: 0 };
  return SIZES.flatMap((bytes) => {
    const many = drawRepeated(field, plain, bytes);
    const hostile = drawRepeated(field, { random, hostility: 1 }, bytes);
    return [many, Buffer.concat([drawMessage(request, plain), many]), hostile];
  });
}

export const REPEATED_FIELDS: readonly Script[] = [repeatedFieldsOf('history'), repeatedFieldsOf('ingest')];
