import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../shared/errors/app-error.ts'
import { writeFileAtomic } from '../atomic-file.ts'
import { makeFolder } from '../make-folder.ts'
import { unreadable } from './expiry.ts'
import { saving } from './folder.ts'
import { refuseWeakKey } from './key-strength.ts'
import { keyPem, makeKeyPair } from './make-certificate.ts'
import { type CertificateRequest, makeRequest, parseRequest } from './make-request.ts'
import { allNames, type CertificateKind, checkedName, isName } from './names.ts'
import { isThere } from './read-files.ts'

export interface RequestFiles {
  readonly name: string
  readonly key: string
  readonly csr: string
}

/** Makes a key that stays in the folder, and the request for its certificate; replaces neither. */
export async function makeRequestFiles(
  dir: string,
  wish: { readonly name: string; readonly kind: CertificateKind },
): Promise<RequestFiles> {
  const name = checkedName(wish.name)
  const [key, csr] = [join(dir, `${name}.key`), join(dir, `${name}.csr`)]
  for (const path of [key, csr]) if (await isThere(path)) throw inTheWay(path)
  const keys = await makeKeyPair()
  const request = await makeRequest(keys, { commonName: name, names: allNames(wish.kind, name, []) })
  await saving(dir, async () => {
    await makeFolder(dir)
    await writeNew(key, keyPem(keys))
    try {
      await writeFileAtomic(csr, request, 0o644)
    } catch (error) {
      await rm(key, { force: true })
      throw error
    }
  })
  return { name, key, csr }
}

/** Another command may have made one since it was looked for. */
async function writeNew(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EEXIST' ? inTheWay(path) : cause
  })
  try {
    await file.writeFile(content)
    await file.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

function inTheWay(path: string): AppError {
  return new AppError('certs.exists', `${path} is there already.`, {
    remedy: 'Name another folder with --dir, or move it away if nobody needs it any more.',
  })
}

/**
 * The name that a certificate is for: that of the request, or where it has none that could be used, the one given.
 *
 * @throws AppError `certs.request-invalid`, also where both are there and differ
 */
export function nameOfRequest({ commonName }: CertificateRequest, given: string | undefined): string {
  if (commonName !== undefined && isName(commonName)) {
    if (given === undefined || given === commonName) return commonName
    throw new AppError('certs.request-invalid', `The request is for ${commonName} and not for ${given}.`, {
      remedy: 'Bring the request of that machine, or make it anew there.',
    })
  }
  if (given !== undefined) return checkedName(given)
  if (commonName !== undefined) return checkedName(commonName)
  throw new AppError('certs.request-invalid', 'The request has no name, or more than one.', {
    remedy: 'Say it: "sovereign certs issue NAME --request FILE".',
  })
}

/** Far more than the largest key and any names. */
const MAX_BYTES = 65_536
const BLOCK =
  /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/

/**
 * Reads a request, as PEM or DER, whose key is strong and whose maker has it.
 *
 * @throws AppError `certs.invalid`, `certs.request-invalid`
 */
export async function readRequest(path: string): Promise<CertificateRequest> {
  const bytes = await readBytes(path)
  const request = parsed(path, bytes)
  refuseWeakKey(path, request)
  const isSigned = await request.isSignedByItsKey().catch((cause: unknown) => {
    throw new AppError('certs.invalid', `The signature of ${path} cannot be checked.`, {
      cause,
      remedy: ANEW,
    })
  })
  if (isSigned) return request
  throw new AppError('certs.invalid', `The signature of ${path} is not by the key that it names.`, {
    remedy: `It was damaged or changed on its way. ${ANEW}`,
  })
}

const ANEW = 'Make it anew with "sovereign certs request NAME" on the machine that it is for.'

function parsed(path: string, bytes: Buffer): CertificateRequest {
  const text = bytes.toString('latin1')
  if (text.includes('PRIVATE KEY-----'))
    throw new AppError(
      'certs.invalid',
      `${path} holds a private key, which belongs on its own machine alone.`,
      {
        remedy: 'Bring the file that ends in .csr, and make a new key if others may have seen this one.',
      },
    )
  const base64 = BLOCK.exec(text)?.[1]
  try {
    return parseRequest(new Uint8Array(base64 === undefined ? bytes : Buffer.from(base64, 'base64')))
  } catch (cause) {
    throw new AppError('certs.invalid', `${path} holds no certificate request.`, { cause, remedy: ANEW })
  }
}

async function readBytes(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of createReadStream(path, { end: MAX_BYTES })) chunks.push(chunk as Buffer)
  } catch (cause) {
    throw unreadable(path, cause as NodeJS.ErrnoException)
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length <= MAX_BYTES) return bytes
  throw new AppError('certs.invalid', `${path} holds no certificate request: it is too large.`, {
    remedy: ANEW,
  })
}
