import { writeAnswer, writeRefusal, type ReturnAddress } from './codec.ts'
import { FrameWriter } from './frame-writer.ts'
import { answerOfError } from './handlers.ts'
import type { AnswerOf, RequestName } from './requests/index.ts'

/** An answer as a frame of its own; one that breaks its row is the refusal that says so. */
export function answerFrame<N extends RequestName>(to: ReturnAddress, name: N, answer: AnswerOf<N>): Buffer {
  try {
    return written((out) => writeAnswer(out, to, name, answer))
  } catch (error) {
    const { code, remark } = answerOfError(error)
    return refusalFrame(to, code, remark)
  }
}

export function refusalFrame(to: ReturnAddress, code: number, remark: string): Buffer {
  return written((out) => writeRefusal(out, to, code, remark))
}

function written(write: (out: FrameWriter) => void): Buffer {
  const out = new FrameWriter(Buffer.allocUnsafe(256))
  write(out)
  return out.bytes.subarray(0, out.at)
}
