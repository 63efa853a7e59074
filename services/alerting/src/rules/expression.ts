import { type ASTNode, Environment, type SourceRange } from '@marcbachmann/cel-js';
import { nearestName } from '@odograph/kernel/nearest-name';
import { isVssPath, KNOWN_SIGNAL_NAMES, KNOWN_SIGNALS, type Signals } from '@odograph/kernel/signal';
import type { Condition } from '../domain/condition.ts';
import { predicate } from '../domain/conditions/logic.ts';

/** Something that is wrong with an expression. */
export interface ExpressionFault {
  readonly reason: 'SYNTAX' | 'UNKNOWN_NAME' | 'TYPE' | 'REFUSED' | 'TOO_LONG';
  readonly description: string;
  /** Where, in UTF-16 units from the beginning of the expression. */
  readonly at: SourceRange;
}

export type Compiled<Of> = { readonly compiled: Of } | { readonly fault: ExpressionFault };

export const MAX_EXPRESSION_LENGTH = 1_000;
/** Of its parts, each as often as it is looked at: a loop does so for each of its values. This takes some ten microseconds. */
const MAX_STEPS = 1_000;
const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one']);
/** What an expression may call. Of the rest of CEL, some can keep the process for seconds, or take all of its memory. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['has', 'size', 'startsWith', 'endsWith', 'contains', 'lowerAscii', 'upperAscii', 'trim'],
  ...['double', 'int', 'string', 'bool'],
]);
const LIMITS = {
  ...{ maxAstNodes: 500, maxDepth: 32 },
  ...{ maxListElements: 32, maxMapEntries: 16, maxCallArguments: 8 },
};

/** Stands for the path of a signal within an expression. */
const STAND_IN = /^vss\d+$/;

const environment = signalEnvironment();

/** All numbers of vehicles are floating-point ones; without these, `speed_kmh + 1` and `speed_kmh == 0` were errors. */
function signalEnvironment(): Environment {
  const created = new Environment({ limits: LIMITS });
  for (const name of KNOWN_SIGNAL_NAMES)
    created.registerVariable(name, KNOWN_SIGNALS[name].kind === 'number' ? 'double' : 'bool');
  const mixed: Record<string, (a: number, b: number) => number> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
  };
  for (const [operator, compute] of Object.entries(mixed)) {
    const handle = (a: unknown, b: unknown) => compute(Number(a), Number(b));
    created.registerOperator(`double ${operator} int: double`, handle);
    created.registerOperator(`int ${operator} double: double`, handle);
  }
  created.registerOperator('double == int', (a, b) => a === Number(b));
  return created;
}

/** A CEL expression of the newest values of signals, which says whether a condition holds. */
export function compileExpression(text: string): Compiled<Condition<null>> {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    const description = `has ${text.length} characters, at most ${MAX_EXPRESSION_LENGTH} are allowed`;
    return { fault: { reason: 'TOO_LONG', description, at: { start: 0, end: text.length } } };
  }
  const parsed = parse(environment, text);
  if ('fault' in parsed) return parsed;
  const { ast } = parsed.compiled;
  const refused = refusedIn(ast);
  if (refused) return { fault: refused };
  const steps = stepsOf(ast);
  if (steps > MAX_STEPS) {
    const description = `takes ${steps} steps, at most ${MAX_STEPS} are allowed: make its loops shorter`;
    return { fault: { reason: 'TOO_LONG', description, at: ast.range } };
  }
  const paths = pathsIn(ast);
  return paths.length === 0 ? typed(parsed.compiled, text) : compileWithPaths(text, paths);
}

type Parsed = ReturnType<Environment['parse']>;

/** The path of a signal in the text of an expression. */
interface Path {
  readonly name: string;
  readonly at: SourceRange;
}

/** CEL has names without dots. So each path is replaced by a name of the same length, and errors stay where they are. */
function compileWithPaths(text: string, paths: readonly Path[]): Compiled<Condition<null>> {
  const names = [...new Set(paths.map(({ name }) => name))];
  const wrong = paths.find(({ name }) => !isVssPath(name));
  if (wrong) {
    const description = `${wrong.name} is not the path of a signal`;
    return { fault: { reason: 'UNKNOWN_NAME', description, at: wrong.at } };
  }
  const standIns = names.map((_, index) => `vss${index}`);
  const scope = environment.clone();
  for (const standIn of standIns) scope.registerVariable(standIn, 'dyn');
  let replaced = text;
  for (const { name, at } of paths) {
    const standIn = (standIns[names.indexOf(name)] as string).padEnd(at.end - at.start);
    replaced = replaced.slice(0, at.start) + standIn + replaced.slice(at.end);
  }
  const parsed = parse(scope, replaced);
  if ('fault' in parsed) return parsed;
  return typed(
    parsed.compiled,
    text,
    new Map(standIns.map((standIn, index) => [standIn, names[index] as string])),
  );
}

function parse(scope: Environment, text: string): Compiled<Parsed> {
  try {
    return { compiled: scope.parse(text) };
  } catch (error) {
    return { fault: faultOf(error, text) };
  }
}

/** Only an expression that is true or false is a condition. */
function typed(
  parsed: Parsed,
  text: string,
  paths: ReadonlyMap<string, string> = new Map(),
): Compiled<Condition<null>> {
  const { valid, type, error } = parsed.check();
  if (!valid) return { fault: faultOf(error, text, paths) };
  if (type !== 'bool' && type !== 'dyn') {
    const description = `is of type ${type}, but must be true or false: compare it, as in speed_kmh > 130`;
    return { fault: { reason: 'TYPE', description, at: parsed.ast.range } };
  }
  const known = identifiersIn(parsed.ast).filter((name) => Object.hasOwn(KNOWN_SIGNALS, name));
  const signals = [...new Set([...known, ...paths.values()])];
  if (signals.length === 0) {
    const description = 'has no signal, so that it is always the same';
    return { fault: { reason: 'TYPE', description, at: parsed.ast.range } };
  }
  return { compiled: predicate(signals, evaluatorOf(parsed, paths)) };
}

function evaluatorOf(parsed: Parsed, paths: ReadonlyMap<string, string>): (latest: Signals) => boolean {
  const holds = (values: Signals) => {
    const result: unknown = parsed(values);
    if (typeof result !== 'boolean') throw new TypeError(`an expression gave ${typeof result}`);
    return result;
  };
  if (paths.size === 0) return holds;
  return (latest) => {
    const values: Record<string, Signals[string]> = { ...latest };
    for (const [standIn, path] of paths) {
      const value = latest[path];
      if (value !== undefined) values[standIn] = value;
    }
    return holds(values);
  };
}

/** What the library says, with the nearest right name. */
function faultOf(
  error: unknown,
  text: string,
  paths: ReadonlyMap<string, string> = new Map(),
): ExpressionFault {
  const { code, summary, message, range } = error as Partial<
    Record<'code' | 'summary' | 'message', string>
  > & {
    readonly range?: SourceRange;
  };
  const at = range ?? { start: 0, end: text.length };
  const description = withPaths(summary ?? message ?? 'is not an expression', paths);
  if (code === 'unknown_variable') return { reason: 'UNKNOWN_NAME', description: unknownName(text, at), at };
  if (code === 'limit_exceeded') return { reason: 'TOO_LONG', description, at };
  const isOfTypes =
    code === 'no_such_overload' || code === 'no_matching_overload' || code === 'cannot_index_type';
  return { reason: isOfTypes ? 'TYPE' : 'SYNTAX', description, at };
}

function unknownName(text: string, at: SourceRange): string {
  const name = text.slice(at.start, at.end);
  const nearest = nearestName(name, KNOWN_SIGNAL_NAMES);
  if (nearest) return `${name} is not a signal: did you mean ${nearest}?`;
  return `${name} is not a signal: use a name of docs/signals.md, or a path such as Vehicle.Service.DistanceToService`;
}

function withPaths(text: string, paths: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\bvss\d+\b/g, (standIn) => paths.get(standIn) ?? standIn);
}

/** What an expression may not have, though CEL does. */
function refusedIn(node: ASTNode): ExpressionFault | undefined {
  const description = refusalOf(node);
  if (description !== undefined) return { reason: 'REFUSED', description, at: node.range };
  for (const child of childrenOf(node)) {
    const refused = refusedIn(child);
    if (refused) return refused;
  }
  return undefined;
}

function refusalOf(node: ASTNode): string | undefined {
  if (node.op === 'id' && STAND_IN.test(node.args)) return `${node.args} is a name that is used already`;
  if (node.op !== 'call' && node.op !== 'rcall') return undefined;
  const [called] = node.args;
  if (isLoop(node))
    return node.args[1].op === 'list'
      ? undefined
      : 'has a loop over what is not a list of values, such as [1.0, 2.0]';
  if (FUNCTIONS.has(called)) return undefined;
  return `${called} is not allowed: an expression may call ${[...FUNCTIONS, ...LOOPS].join(', ')}`;
}

function stepsOf(node: ASTNode): number {
  if (!isLoop(node)) return sumOf(childrenOf(node)) + 1;
  const [, list, body] = node.args;
  return stepsOf(list) + childrenOf(list).length * sumOf(nodesIn(body)) + 1;
}

const sumOf = (nodes: readonly ASTNode[]) => nodes.reduce((sum, node) => sum + stepsOf(node), 0);

type Loop = Extract<ASTNode, { op: 'rcall' }>;

function isLoop(node: ASTNode): node is Loop {
  return node.op === 'rcall' && LOOPS.has(node.args[0]);
}

function pathsIn(node: ASTNode): readonly Path[] {
  const name = node.op === '.' ? pathOf(node) : undefined;
  if (name !== undefined) return [{ name, at: node.range }];
  return childrenOf(node).flatMap(pathsIn);
}

/** `Vehicle.Speed`, if the node is what follows `Vehicle`. */
function pathOf(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args === 'Vehicle' ? node.args : undefined;
  if (node.op !== '.') return undefined;
  const [of, field] = node.args;
  const before = pathOf(of);
  return before === undefined ? undefined : `${before}.${field}`;
}

function identifiersIn(node: ASTNode): readonly string[] {
  return node.op === 'id' ? [node.args] : childrenOf(node).flatMap(identifiersIn);
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  return nodesIn(node.args);
}

function nodesIn(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(nodesIn);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}
