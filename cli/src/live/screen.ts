const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_ALL = '\x1b[2J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

/** A terminal that shows one frame in place of the last. */
export interface Screen {
  /** The lines it has. */
  readonly rows: number;
  show(frame: string): void;
  /** Leaves the last frame standing. */
  leave(): void;
}

export function createScreen(terminal: NodeJS.WriteStream): Screen {
  let isFirst = true;
  return {
    get rows() {
      return terminal.rows;
    },
    show: (frame) => {
      const lines = frame.split('\n').map((line) => line.slice(0, terminal.columns) + CLEAR_LINE);
      terminal.write(`${isFirst ? HIDE_CURSOR + CLEAR_ALL : ''}${HOME}${lines.join('\n')}${CLEAR_BELOW}`);
      isFirst = false;
    },
    leave: () => {
      if (!isFirst) terminal.write(`\n${SHOW_CURSOR}`);
    },
  };
}
