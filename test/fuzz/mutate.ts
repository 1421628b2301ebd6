import type { Random } from './random.ts'

const nastyInts = [-1, 0, 1, 3, 4, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, -0x80000000, 16_777_213]
const nastyTexts = [
  '-1', '2147483648', '9223372036854775807', '99999999999999999999', '1e9', 'NaN', '', 'null', '\\u0000',
  '"', '{', '[[[[[[[[', '__proto__', 'constructor', '../../../../etc/passwd', '%RETRY%', 'x'.repeat(300),
  '\u0001', '\u0002', '😀', '\ud800',
] as const // prettier-ignore

const mutations: readonly ((frame: Buffer, random: Random) => Buffer)[] = [
  function flipBit(frame, random) {
    frame[random.below(frame.length)]! ^= 1 << random.below(8)
    return frame
  },
  function overwriteInt(frame, random) {
    if (frame.length >= 4) frame.writeInt32BE(random.pick(nastyInts), random.below(frame.length - 3))
    return frame
  },
  function overwriteBytes(frame, random) {
    random.bytes(1 + random.below(8)).copy(frame, random.below(frame.length))
    return frame
  },
  function cut(frame, random) {
    return frame.subarray(0, random.below(frame.length))
  },
  function removeSlice(frame, random) {
    const at = random.below(frame.length)
    return Buffer.concat([frame.subarray(0, at), frame.subarray(at + 1 + random.below(20))])
  },
  function repeatSlice(frame, random) {
    const at = random.below(frame.length)
    const slice = frame.subarray(at, at + 1 + random.below(40))
    return Buffer.concat([
      frame.subarray(0, at),
      ...Array<Buffer>(1 + random.below(30)).fill(slice),
      frame.subarray(at),
    ])
  },
  function insertText(frame, random) {
    const at = random.below(frame.length)
    return Buffer.concat([frame.subarray(0, at), Buffer.from(random.pick(nastyTexts)), frame.subarray(at)])
  },
  function replaceText(frame, random) {
    // a number or a word of a JSON header or body becomes another one: most such frames stay readable
    const text = frame.toString('latin1')
    const words = [...text.matchAll(/[A-Za-z0-9_-]+/g)]
    if (words.length === 0) return frame
    const { 0: word, index } = random.pick(words)
    const nasty = Buffer.from(random.pick(nastyTexts))
    return Buffer.concat([frame.subarray(0, index), nasty, frame.subarray(index + word.length)])
  },
]

/** A frame that is almost one. Half of them get true lengths again, so that what is inside is reached. */
export function mutate(original: Buffer, random: Random): Buffer {
  let frame: Buffer = Buffer.from(original)
  const bodySize = original.length - 8 - (original.readUInt32BE(4) & 0xffffff)
  for (let i = 0; i <= random.below(3) && frame.length > 0; i++) frame = random.pick(mutations)(frame, random)
  if (random.below(2) === 0 && frame.length >= 8 + bodySize) {
    frame = Buffer.from(frame)
    frame.writeInt32BE(frame.length - 4, 0)
    frame.writeUIntBE(frame.length - 8 - bodySize, 5, 3)
  }
  return frame
}
