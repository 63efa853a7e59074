import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visible, visibleLines } from './visible.ts';

/** Any text, rich in control characters. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.nat({ max: 0xa0 }).map((code) => String.fromCharCode(code)),
    fc.string(),
  ),
});

function isHarmless(text: string): boolean {
  return [...text].every((each) => each >= ' ' && (each < '\x7f' || each > '\x9f'));
}

describe('a text on a terminal', () => {
  it('has no control character, and stays as it is without one', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visible(text)).toSatisfy(isHarmless);
        expect(visible(visible(text))).toBe(visible(text));
        expect(visible('Zoë 🚗 30 °C \\u001b')).toBe('Zoë 🚗 30 °C \\u001b');
      }),
    );
  });

  it('shows them as JSON does, so that JSON has the same value', () => {
    expect(visible('\x1b[31mRED\x07\x9b\r\n')).toBe('\\u001b[31mRED\\u0007\\u009b\\u000d\\u000a');
    fc.assert(
      fc.property(anyText, (text) => {
        expect(JSON.parse(visible(JSON.stringify({ text })))).toEqual({ text });
      }),
    );
  });

  it('is not turned around', () => {
    expect(visible('a\u202eb\u2066c\u2028')).toBe('a\\u202eb\\u2066c\\u2028');
  });

  it('keeps the lines of a text', () => {
    expect(visibleLines('a\nb\x1b')).toBe('a\nb\\u001b');
  });
});
