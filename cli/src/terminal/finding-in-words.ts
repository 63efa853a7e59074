import type { Finding } from '@odograph/kernel/finding';

/** A finding in one line; one about the whole report or request has no field. */
export function findingInWords({ field, description }: Finding): string {
  return field === '' ? description : `${field}: ${description}`;
}

/** Findings in one line. */
export function findingsInWords(findings: readonly Finding[]): string {
  return findings.map(findingInWords).join('; ');
}
