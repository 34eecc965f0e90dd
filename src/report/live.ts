import type { WriteStream } from 'node:tty';
import { DefaultRenderer, Listr, ListrLogger, type ListrTaskWrapper, ProcessOutput } from 'listr2';
import type { Event } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import { follow } from './fold.ts';
import { renderSections } from './frame.ts';
import type { Reporter } from './port.ts';
import type { Style } from './style.ts';
import type { View } from './view.ts';

export type LiveOptions = {
  /** Where the picture is drawn; standard error, so that data can go elsewhere. */
  readonly stream: WriteStream;
  readonly plan?: Plan | undefined;
  readonly style: Style;
  readonly keys: boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
};

const TICK_MS = 200;
/** The list leaves this many columns free. */
const MARGIN = 2;
const SECTIONS = ['deployment', 'prepare', 'waves', 'rollback', 'tally'] as const;

type Section = (typeof SECTIONS)[number];
type Task = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof DefaultRenderer>;
type Running = { readonly task: Task; readonly done: () => void; readonly failed: (error: Error) => void };

/**
 * The picture on a terminal: a listr2 list whose tasks are the sections of the view. Titles follow the events; each
 * task ends with the deployment, well or badly. What others write meanwhile is kept and comes after the picture.
 */
export function createLiveReporter(options: LiveOptions): Reporter {
  const { stream, style } = options;
  const now = options.now ?? Date.now;
  const { view, add } = follow(options.plan);
  const running = new Map<Section, Running>();
  const started = Promise.withResolvers<void>();
  let painting = false;

  /** Draws titles as they are, signs included, on whatever stream it is given, and a frame only when all are set. */
  class SectionRenderer extends DefaultRenderer {
    static override nonTTY = true;

    override style(): string {
      return '';
    }

    override update(): void {
      if (!painting) super.update();
    }
  }

  const paint = () => {
    const sections = renderSections(view, {
      columns: (stream.columns ?? style.columns) - MARGIN,
      rows: stream.rows ?? 24,
      unicode: style.unicode,
      color: style.color,
      keys: options.keys,
      now: now(),
    });
    painting = true;
    for (const [name, { task }] of running) task.title = sections[name].join('\n');
    painting = false;
  };

  const list = new Listr<unknown, typeof SectionRenderer, typeof SectionRenderer>(
    SECTIONS.map((name) => ({
      title: ' ',
      task: (_, task) =>
        new Promise<void>((done, failed) => {
          running.set(name, { task, done, failed });
          if (running.size === SECTIONS.length) started.resolve();
        }),
    })),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      renderer: SectionRenderer,
      rendererOptions: {
        indentation: 0,
        formatOutput: 'truncate',
        showErrorMessage: false,
        collapseErrors: true,
        logger: new ListrLogger({ processOutput: new ProcessOutput(stream, process.stdout) }),
      },
    },
  );
  const drawn = list.run();
  drawn.catch(started.reject);
  const tick = setInterval(paint, TICK_MS);
  tick.unref();

  return {
    event(event: Event): void {
      add(event);
    },
    async end(): Promise<void> {
      clearInterval(tick);
      await started.promise;
      paint();
      for (const [name, { done, failed }] of running) {
        if (hasFailed(name, view)) failed(new Error(`${name} failed`));
        else done();
      }
      await drawn;
    },
  };
}

function hasFailed(section: Section, view: View): boolean {
  const outcome = view.finished?.outcome;
  switch (section) {
    case 'deployment':
      return outcome !== 'succeeded' && outcome !== 'unchanged';
    case 'prepare':
      return [...view.hosts.values()].some((host) => host.phase === 'failed');
    case 'waves':
      return [...view.instances.values()].some((instance) => instance.failure !== undefined);
    case 'rollback':
      return [...view.instances.values()].some((instance) => instance.phase === 'revert-failed');
    case 'tally':
      return false;
  }
}
