import type { Context, Contexts } from '../command-line/contexts.ts'
import type { View } from './view.ts'

interface NamedContext {
  readonly name: string
  readonly context: Context
  readonly current: boolean
}

const format = '%-1s  %-20s  %-8s  %s'

function viewOf(shape: 'one' | 'list', items: readonly NamedContext[]): View<NamedContext> {
  return {
    shape,
    items,
    fields: ['current', 'name', 'kind', 'address'],
    toJson: (item) => ({
      current: item.current,
      name: item.name,
      kind: 'store' in item.context ? 'folder' : 'cluster',
      address: addressOf(item.context),
    }),
    toId: ({ name }) => name,
    table: {
      kind: 'columns',
      headerFormat: format,
      rowFormat: format,
      columns: [
        { title: '#', field: 'current', cell: ({ current }) => (current ? '*' : '') },
        { title: '#Context', field: 'name', cell: ({ name }) => name },
        { title: '#Kind', field: 'kind', cell: ({ context }) => ('store' in context ? 'folder' : 'cluster') },
        { title: '#Target', field: 'address', cell: ({ context }) => addressOf(context) },
      ],
    },
  }
}

function addressOf(context: Context): string {
  return 'store' in context ? context.store : context.namesrvAddr
}

/** One context, as a command left it. */
export function contextView(name: string, context: Context, current: boolean): View<unknown> {
  return viewOf('one', [{ name, context, current }])
}

/** All of them, by name. */
export function contextsView({ contexts, current }: Contexts): View<unknown> {
  const names = Object.keys(contexts).sort()
  const items = names.map((name) => ({ name, context: contexts[name]!, current: name === current }))
  return viewOf('list', items)
}
