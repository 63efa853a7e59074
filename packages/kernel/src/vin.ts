const VIN = /^[A-HJ-NPR-Z0-9]{17}$/;
const WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
const LETTER_VALUES: Readonly<Record<string, number>> = {
  ...{ A: 1, B: 2, C: 3, D: 4, E: 5, F: 6, G: 7, H: 8 },
  ...{ J: 1, K: 2, L: 3, M: 4, N: 5, P: 7, R: 9 },
  ...{ S: 2, T: 3, U: 4, V: 5, W: 6, X: 7, Y: 8, Z: 9 },
};

/** The rule for VINs, for error messages. */
export const VIN_RULE = '17 characters of A-Z and 0-9 without I, O and Q (ISO 3779)';

/** Whether a text has the form of a Vehicle Identification Number (ISO 3779). */
export function isVin(text: string): boolean {
  return VIN.test(text);
}

/**
 * Whether the ninth character is the correct check digit (49 CFR 565.15).
 * Only North America and China require a check digit, so a VIN with a wrong one is reported, but accepted.
 */
export function hasRightCheckDigit(vin: string): boolean {
  let sum = 0;
  for (let at = 0; at < vin.length; at += 1) {
    const character = vin.charAt(at);
    sum += (LETTER_VALUES[character] ?? Number(character)) * (WEIGHTS[at] ?? 0);
  }
  const remainder = sum % 11;
  return vin.charAt(8) === (remainder === 10 ? 'X' : String(remainder));
}
