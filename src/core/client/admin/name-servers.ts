import type { NameServerAdmin } from '../broker-admin.ts'
import type { Invoker } from '../invoker.ts'
import { bodyOf, headerOf, type NameServers } from '../name-servers.ts'

export class RemotingNameServerAdmin implements NameServerAdmin {
  readonly #invoker: Invoker
  readonly #nameServers: NameServers

  constructor(invoker: Invoker, nameServers: NameServers) {
    this.#invoker = invoker
    this.#nameServers = nameServers
  }

  get addresses(): readonly string[] {
    return this.#nameServers.addresses
  }

  config(): Promise<{ address: string; properties: Readonly<Record<string, string>> }[]> {
    return Promise.all(
      this.addresses.map(async (address) => {
        const reply = await this.#invoker.invoke(address, 'GET_NAMESRV_CONFIG', {
          header: {},
          body: undefined,
        })
        return { address, properties: bodyOf(reply, `configuration of ${address}`) }
      }),
    )
  }

  updateConfig(key: string, value: string): Promise<void> {
    const call = { header: {}, body: { [key]: value } }
    return this.#nameServers.tellAll('UPDATE_NAMESRV_CONFIG', call, key)
  }

  putKv(namespace: string, key: string, value: string): Promise<void> {
    const call = { header: { namespace, key, value }, body: undefined }
    return this.#nameServers.tellAll('PUT_KV_CONFIG', call, `${key} in ${namespace}`)
  }

  deleteKv(namespace: string, key: string): Promise<void> {
    const call = { header: { namespace, key }, body: undefined }
    return this.#nameServers.tellAll('DELETE_KV_CONFIG', call, `${key} in ${namespace}`)
  }

  writePerm(brokerName: string, change: 'wipe' | 'add'): Promise<{ address: string; topics: number }[]> {
    return Promise.all(
      this.addresses.map(async (address) => ({
        address,
        topics: await this.#writePermAt(address, brokerName, change),
      })),
    )
  }

  async #writePermAt(address: string, brokerName: string, change: 'wipe' | 'add'): Promise<number> {
    const call = { header: { brokerName }, body: undefined }
    const about = `write permission of ${brokerName} at ${address}`
    if (change === 'add') {
      return headerOf(await this.#invoker.invoke(address, 'ADD_WRITE_PERM_OF_BROKER', call), about)
        .addTopicCount
    }
    return headerOf(await this.#invoker.invoke(address, 'WIPE_WRITE_PERM_OF_BROKER', call), about)
      .wipeTopicCount
  }
}
