// Asks other people's packages. One question as JSON on stdin, one answer as JSON on stdout; a refusal is {"refused": why}.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { FlattenJSON } from '@sd-jwt/core'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import transmute from '@transmute/rfc9162'

const merkle = transmute.RFC9162
const RAW = { dsaEncoding: 'ieee-p1363' }
const hasher = (data) => new Uint8Array(createHash('sha256').update(data).digest())
const verifierOf = (jwk) => (data, signature) =>
  verify('sha256', Buffer.from(data), { key: createPublicKey({ key: jwk, format: 'jwk' }), ...RAW },
    Buffer.from(signature, 'base64url'))
const signerOf = (jwk) => (data) =>
  sign('sha256', Buffer.from(data), { key: createPrivateKey({ key: jwk, format: 'jwk' }), ...RAW }).toString('base64url')

const instanceOf = (question) => new SDJwtVcInstance({
  hasher,
  hashAlg: 'sha-256',
  saltGenerator: () => question.salts.shift(),
  signAlg: 'ES256',
  signer: question.private && signerOf(question.private),
  verifier: question.key && verifierOf(question.key),
  kbSignAlg: 'ES256',
  kbSigner: question.holder && signerOf(question.holder),
  kbVerifier: (data, signature, payload) => verifierOf(payload.cnf.jwk)(data, signature),
  statusListFetcher: () => question.statusList,
  statusVerifier: question.statusKey && verifierOf(question.statusKey),
})

const answers = {
  async verify(question) {
    const options = { currentDate: question.now, keyBindingNonce: question.nonce, requiredClaimKeys: question.required }
    return instanceOf(question).verify(question.text, options)
  },
  async unfold(question) {
    return { compact: FlattenJSON.fromSerialized(question.file).toEncoded() }
  },
  async present(question) {
    const kb = question.holder && { payload: { iat: question.now, aud: question.audience, nonce: question.nonce } }
    const frame = { fields: Object.fromEntries(question.show.map((name) => [name, true])) }
    return { compact: await instanceOf(question).present(question.text, frame, { kb }) }
  },
  async issue(question) {
    const frame = { fields: { _sd: Object.keys(question.payload.fields) } }
    return { compact: await instanceOf(question).issue(question.payload, frame, { header: { kid: question.kid } }) }
  },
  async tree(question) {
    const entries = question.entries.map((text) => Buffer.from(text))
    const hex = (bytes) => Buffer.from(bytes).toString('hex')
    const paths = []
    for (const index of entries.keys()) paths.push((await merkle.PATH(index, entries)).map(hex))
    return { root: hex(await merkle.treeHead(entries)), paths }
  },
  async included(question) {
    const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'))
    const proof = {
      log_id: '',
      tree_size: question.count,
      leaf_index: question.index,
      inclusion_path: question.path.map(bytes),
    }
    return { included: await merkle.verifyInclusionProof(bytes(question.root), bytes(question.leaf), proof) }
  },
}

let text = ''
for await (const piece of process.stdin) text += piece
const question = JSON.parse(text)
let answer
try {
  answer = await answers[question.ask](question)
} catch (error) {
  answer = { refused: String(error.message) }
}
process.stdout.write(JSON.stringify(answer))
