import { expect, test } from 'vitest';
import { episodeOf, noticeOf } from '../notices.fixture.ts';
import { subjectOf, textOf } from './email-text.ts';

test('one notice is named in the subject, and several are counted, by the highest severity', () => {
  expect(subjectOf([noticeOf('a')])).toBe('[warning] low-battery firing: bus-17');
  const critical = noticeOf('b', { alert: { severity: 'critical' } });
  expect(subjectOf([...episodeOf('x'), critical])).toBe('[critical] 2 firing, 1 resolved');
});

test('the text has a paragraph for each notice', () => {
  const [, resolved] = episodeOf('x', { isLate: true });
  expect(textOf([noticeOf('a', { alert: { fleet: undefined, description: '' } }), resolved])).toBe(
    `FIRING [warning] low-battery, vehicle bus-17
Started: 2026-03-01T08:00:00.000Z
Because: condition
Alert alert-a, revision 1 of the rule

RESOLVED [warning] low-battery, vehicle bus-17 of fleet city
The battery is below 20 %.
Started: 2026-03-01T08:00:00.000Z, ended: 2026-03-01T08:01:00.000Z
Because: condition (known late: the samples arrived late)
Alert x, revision 1 of the rule
`,
  );
});

test('what a vehicle is named cannot add a line or a header', () => {
  const notice = noticeOf('a', { alert: { vehicleId: 'x\r\nBcc: me@example.com' } });
  expect(subjectOf([notice])).toBe('[warning] low-battery firing: x\\u000d\\u000aBcc: me@example.com');
  expect(textOf([notice])).not.toContain('\nBcc');
});
