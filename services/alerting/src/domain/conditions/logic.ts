import { type AnyCondition, type Condition, type Moment, signalsOf, type Truth } from '../condition.ts';

/** Holds if all of these hold. One that does not hold decides, whatever is not known of the others. */
export const all = (conditions: readonly AnyCondition[]) => decidedBy(false, conditions);

/** Holds if one of these holds, whatever is not known of the others. */
export const any = (conditions: readonly AnyCondition[]) => decidedBy(true, conditions);

/** Holds if the condition does not. What is not known stays so. */
export function not<State>(condition: Condition<State>): Condition<State> {
  return {
    signals: condition.signals,
    initial: () => condition.initial(),
    evaluate(state, moment) {
      const truth = condition.evaluate(state, moment);
      return typeof truth === 'boolean' ? !truth : truth;
    },
  };
}

function decidedBy(decides: boolean, conditions: readonly AnyCondition[]): Condition<unknown[] | null> {
  const isStateless = conditions.every((condition) => condition.initial() === null);
  return {
    signals: signalsOf(conditions),
    initial: () => (isStateless ? null : conditions.map((condition) => condition.initial())),
    evaluate(states, moment) {
      let truth: Truth = !decides;
      // Each sees every moment, also after one has decided: its state depends on all of them.
      for (const [at, condition] of conditions.entries())
        truth = decided(decides, truth, condition.evaluate(states ? states[at] : null, moment));
      return truth;
    },
  };
}

function decided(decides: boolean, one: Truth, other: Truth): Truth {
  if (one === decides || other === decides) return decides;
  if (one === 'error' || other === 'error') return 'error';
  if (one === 'unknown' || other === 'unknown') return 'unknown';
  return !decides;
}

/**
 * Holds at a moment if the function says so of the newest values. Without one of its signals, it may still hold, if the function
 * can do without.
 */
export function predicate(
  signals: readonly string[],
  holds: (latest: Moment['latest']) => boolean,
): Condition<null> {
  return {
    signals,
    initial: () => null,
    evaluate(_, { latest }) {
      let isComplete = true;
      for (const name of signals) isComplete &&= latest[name] !== undefined;
      if (!isComplete && signals.length === 1) return 'unknown';
      try {
        return holds(latest);
      } catch {
        // The lifecycle of the alert says what becomes of an error.
        return isComplete ? 'error' : 'unknown';
      }
    },
  };
}
