"""Stands in for systemd: holds listening sockets, starts a program with them, starts it anew when it ends, and hears what it says.

Argument: a JSON object { notify, watchdogUsec, sockets: [name, …], command: [...] }. Prints JSON lines:
{"ports": [...]}, {"started": PID}, {"heard": TEXT, "pid": PID}, {"ended": STATUS}. SIGTERM ends the program and then itself.
"""
import json, os, select, signal, socket, struct, sys

plan = json.loads(sys.argv[1])
notify = plan["notify"]


def say(**line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
receiver.bind("\0" + notify[1:] if notify.startswith("@") else notify)

listening, by_name = [], {}
for name in plan["sockets"]:
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Two of a name share a port, as two ListenStream= lines of a unit with ReusePort= do.
    one.bind(("127.0.0.1", by_name.get(name, 0)))
    one.listen(4096)
    by_name[name] = one.getsockname()[1]
    listening.append(one)
say(ports=[one.getsockname()[1] for one in listening])


def start():
    pid = os.fork()
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        # Out of the way first: a descriptor may be one of those that it is to become.
        for index, one in enumerate(listening):
            os.dup2(one.fileno(), 200 + index)
        for index in range(len(listening)):
            os.dup2(200 + index, 3 + index)
        os.closerange(3 + len(listening), 400)
        env = dict(os.environ, NOTIFY_SOCKET=notify, SYSTEMD_EXEC_PID=str(os.getpid()))
        if listening:
            names = ":".join(plan["sockets"])
            env.update(LISTEN_FDS=str(len(listening)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=names)
        if plan.get("watchdogUsec"):
            env.update(WATCHDOG_USEC=str(plan["watchdogUsec"]), WATCHDOG_PID=str(os.getpid()))
        os.execvpe(plan["command"][0], plan["command"], env)
    say(started=pid)
    return pid


is_ending = False
child = start()


def end(*_):
    global is_ending
    is_ending = True
    os.kill(child, signal.SIGTERM)


signal.signal(signal.SIGTERM, end)
while True:
    ready, _, _ = select.select([receiver], [], [], 0.02)
    if ready:
        size = socket.CMSG_SPACE(12)
        text, ancillary, _, _ = receiver.recvmsg(8192, size)
        say(heard=text.decode(), pid=struct.unpack("3i", ancillary[0][2])[0])
        continue
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        say(ended=os.waitstatus_to_exitcode(status))
        if is_ending:
            break
        child = start()
