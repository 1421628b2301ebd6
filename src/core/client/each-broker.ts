import { MqError } from '../errors.ts'

/**
 * The same for several brokers or name servers, the others too when one fails.
 * @throws MQ_PARTIAL when some took it; when none did, `refusal` of what they said
 */
export async function tellEach(
  addresses: readonly string[],
  about: string,
  tell: (address: string) => Promise<void>,
  refusal: (errors: readonly MqError[]) => MqError = ([first]) => first!,
): Promise<void> {
  const failures: { readonly address: string; readonly error: MqError }[] = []
  const tellOne = async (address: string): Promise<void> => {
    try {
      await tell(address)
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      failures.push({ address, error })
    }
  }
  await Promise.all(addresses.map(tellOne))
  const [first] = failures
  if (first === undefined) return
  if (failures.length === addresses.length) throw refusal(failures.map(({ error }) => error))
  const failed = failures.map(({ address, error }) => `${address} (${error.message})`).join(', ')
  const told = addresses.filter((each) => failures.every(({ address }) => address !== each)).join(', ')
  throw new MqError('MQ_PARTIAL', `${about} is set on ${told}, not on ${failed}`, { cause: first.error })
}
