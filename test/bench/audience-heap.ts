import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Asks V8's inspector of a process to collect the garbage of its main thread; gives what is left on its heap, in bytes. */
export async function heapAfterGarbage(inspectorPort: number): Promise<number> {
  const listed = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`);
  const [target] = (await listed.json()) as [{ readonly webSocketDebuggerUrl: string }];
  const socket = new WebSocket(target.webSocketDebuggerUrl, { perMessageDeflate: false });
  await once(socket, 'open');
  try {
    await ask(socket, 'HeapProfiler.collectGarbage');
    const usage = (await ask(socket, 'Runtime.getHeapUsage')) as { readonly usedSize: number };
    return usage.usedSize;
  } finally {
    socket.close();
  }
}

async function ask(socket: WebSocket, method: string): Promise<unknown> {
  socket.send(JSON.stringify({ id: 1, method }));
  const [data] = await once(socket, 'message');
  return (JSON.parse(String(data)) as { readonly result: unknown }).result;
}
