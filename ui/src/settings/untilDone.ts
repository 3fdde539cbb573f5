/** Asks again until a change that the server does in pieces is done (`server/tagging.py`). */
export async function untilDone<T extends { done: boolean }>(ask: () => Promise<T>): Promise<T> {
  let answer = await ask();
  while (!answer.done) answer = await ask();
  return answer;
}
