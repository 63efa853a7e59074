import { InvalidArgumentError } from 'commander';

/** Such as a seed. Only digits: `1e6` would be read as 1, and a run of one input looks like a good one. */
export function wholeNumberArgument(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number in digits, such as 1000000.');
}

export function countArgument(text: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) >= 1) return Number(text);
  throw new InvalidArgumentError('It must be a whole number in digits, 1 or more, such as 1000000.');
}
