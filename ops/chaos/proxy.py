"""A TCP proxy whose network can be bad: connections cut, bytes held back or late, another server behind it."""
import asyncio
import threading

PIECE = 65536
PIECES = 64  # what is under way in one direction of a connection, at most
ANSWER_S = 10


class Proxy:
    """Listens on a port of its own on the loopback, in a thread of its own; every method may be called from any thread."""

    def __init__(self, target_port=None):
        self.target_port = target_port
        self.delay_s = 0.0
        self.refusing = False
        self.serving = set()  # a task a connection
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.call(self.listen())

    async def listen(self):
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(ANSWER_S)

    def cut(self):
        """Ends every connection and takes no new one, until join()."""
        self.refusing = True
        self.call(self.abort())

    def hold(self):
        """Bytes go nowhere and connections stay open, until join(): what a lost network looks like."""
        self.call(self.set_flowing(False))

    def join(self):
        self.refusing = False
        self.delay_s = 0.0
        self.call(self.set_flowing(True))

    def delay(self, seconds):
        """Every byte comes so much later, in either direction, until join()."""
        self.delay_s = seconds

    def lead_to(self, port):
        """New connections go to another server; those to the old one end."""
        self.target_port = port
        self.call(self.abort())

    def close(self):
        self.refusing = True
        self.call(self.shut())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def shut(self):
        self.server.close()
        await self.abort()

    async def set_flowing(self, yes):
        self.flowing.set() if yes else self.flowing.clear()

    async def abort(self):
        tasks = list(self.serving)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def serve(self, reader, writer):
        self.serving.add(asyncio.current_task())
        ends = [writer]
        try:
            await self.flowing.wait()
            if not self.refusing:
                back, there = await asyncio.open_connection("127.0.0.1", self.target_port)
                ends.append(there)
                await asyncio.gather(self.pump(reader, there), self.pump(back, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.serving.discard(asyncio.current_task())
            for end in ends:
                end.transport.abort()

    async def pump(self, reader, writer):
        """One direction: what is read now is written `delay_s` later, in order."""
        under_way = asyncio.Queue(PIECES)
        sender = asyncio.ensure_future(self.send(under_way, writer))
        try:
            while piece := await reader.read(PIECE):
                await under_way.put((self.loop.time() + self.delay_s, piece))
            await under_way.put((0, None))
            await sender
        finally:
            sender.cancel()
            writer.close()  # neither Kafka nor Redis uses connections that are open on one side

    async def send(self, under_way, writer):
        while (taken := await under_way.get())[1] is not None:
            due, piece = taken
            await asyncio.sleep(max(0.0, due - self.loop.time()))
            await self.flowing.wait()
            if writer.transport.is_closing():
                continue  # the queue is emptied, so that its reader is not held
            writer.write(piece)
            try:
                await writer.drain()
            except OSError:
                continue
