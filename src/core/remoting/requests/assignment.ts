import { assignmentQuery, assignments, requestModeChange } from '../bodies/assignment.ts'
import { request } from '../schema.ts'

export const assignmentRequests = {
  QUERY_ASSIGNMENT: request({
    code: 400,
    to: 'broker',
    impact: 'ro',
    about: 'Which queues of a topic a client of a group has, where the broker shares them out.',
    header: {},
    body: assignmentQuery,
    reply: { body: assignments },
  }),
  SET_MESSAGE_REQUEST_MODE: request({
    code: 401,
    to: 'broker',
    impact: 'rw',
    about: 'Whether a group pulls a topic or pops it.',
    header: {},
    body: requestModeChange,
    reply: {},
  }),
}
