import type { Maintenance } from './core/embedded/maintenance.ts'
import { MqError } from './core/errors.ts'
import { MqCommand } from './mq-command.ts'

/** What is drawn on a terminal while a command works, this often. */
const drawEveryMs = 200

/** A command of the topic `store`: on a folder, with nothing in between. */
export abstract class StoreCommand extends MqCommand {
  protected override get endsItself(): boolean {
    return true
  }

  /** @throws MQ_NOT_SUPPORTED when the target is a cluster */
  protected get folder(): string {
    const { target } = this
    if (target.kind === 'folder') return target.store
    throw new MqError(
      'MQ_NOT_SUPPORTED',
      `no folder was named, but the cluster ${target.namesrv.join(';')}`,
      {
        hint: 'these commands need the files of a store: give --store DIR',
      },
    )
  }

  /**
   * Runs with a spinner, where one may be drawn.
   * @param doing `verifying`; null: what it writes shows how far it is
   */
  protected async maintain<T>(
    doing: string | null,
    act: (maintenance: Maintenance) => Promise<T>,
  ): Promise<T> {
    const { folder, interrupted: signal } = this
    const { Maintenance } = await import('./core/embedded/maintenance.ts')
    const lockTimeout = this.timeoutMs === undefined ? {} : { lockTimeoutMs: this.timeoutMs }
    const options = { folder, signal, ...lockTimeout }
    if (doing === null || !this.showsProgress) return act(new Maintenance(options))
    const { default: ora } = await import('ora')
    const spinner = ora({ text: doing, stream: process.stderr, discardStdin: false }).start()
    let drawnAt = 0
    const onProgress = (done: number, total: number): void => {
      if (Date.now() - drawnAt < drawEveryMs) return
      drawnAt = Date.now()
      spinner.text = `${doing} ${Math.min(100, Math.floor((100 * done) / Math.max(1, total)))} %`
      spinner.render()
    }
    try {
      return await act(new Maintenance({ ...options, onProgress }))
    } finally {
      spinner.stop()
    }
  }
}
