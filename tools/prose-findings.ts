import { wordList } from './word-list.ts';

interface ProseFinding {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

const LINE_MAX = 160;

/** What is wrong with the prose of a file: phrases of the word list and, in Markdown, the form of its lines. */
export function proseFindings(file: string, text: string): readonly ProseFinding[] {
  const isMarkdown = file.endsWith('.md');
  const lines = text.split('\n');
  const inFence = fencedLines(lines);
  return lines.flatMap((line, at) => {
    const messages =
      isMarkdown && inFence[at] ? [] : [...wordMessages(line), ...(isMarkdown ? formMessages(line) : [])];
    return messages.map((message) => ({ line: at + 1, message }));
  });
}

function fencedLines(lines: readonly string[]): readonly boolean[] {
  let isInside = false;
  return lines.map((line) => {
    const isFence = line.trimStart().startsWith('```');
    if (isFence) isInside = !isInside;
    return isInside || isFence;
  });
}

function wordMessages(line: string): readonly string[] {
  return wordList.flatMap(({ pattern, instead }) => {
    const found = pattern.exec(line);
    return found ? [`"${found[0].trim()}": write ${instead}`] : [];
  });
}

/** A sentence ends with a mark before a space and a capital; `e.g.` and the like, and what is in code, do not end one. */
const TWO_SENTENCES = /(?:[A-Z]{2}|[A-Za-z0-9)`*"'])[.!?]["')]?(?:\*\*)? +[A-Z`*[“]/;
/** The marker of a list item, and a lead-in in bold (`**Context.** The key …`), belong to the sentence behind them. */
const LEAD_IN = /^\s*(?:(?:[-*]|\d+\.) +)?(?:\*{1,2}[^*]+[.:]\*{1,2} )?/;
const ABBREVIATION = /\b(?:e\.g|i\.e|vs|cf|etc|resp)\. /g;

function formMessages(line: string): readonly string[] {
  const isTable = line.startsWith('|');
  const messages =
    line.length > LINE_MAX && !hasLongLink(line)
      ? [`${line.length} characters: break the line at a sentence or clause`]
      : [];
  if (!isTable && TWO_SENTENCES.test(withoutCode(line).replace(LEAD_IN, '').replace(ABBREVIATION, '')))
    messages.push('two sentences on a line');
  return messages;
}

function withoutCode(line: string): string {
  return line.replace(/`[^`]*`/g, '`x`');
}

/** A link cannot be broken. */
function hasLongLink(line: string): boolean {
  return /\]\([^)]{100,}\)/.test(line);
}
