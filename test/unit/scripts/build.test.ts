import { expect, test } from 'vitest'
import { importBuiltinsAtRunTime } from '../../../scripts/build.ts'

test.each([
  ['import{a,b as c}from"node:fs";', 'const{a,b:c}=process.getBuiltinModule("node:fs");'],
  ["import { once } from 'events'", 'const{ once }=process.getBuiltinModule("events");'],
  [
    'import fs,{join}from"node:path";',
    'const fs=process.getBuiltinModule("node:path");const{join}=process.getBuiltinModule("node:path");',
  ],
  ['import*as os from"node:os";', 'const os=process.getBuiltinModule("node:os");'],
  ['import x from"left-pad";', 'import x from"left-pad";'],
])('%s is asked for at run time when it is part of Node', (before, after) => {
  expect(importBuiltinsAtRunTime(before)).toBe(after)
})
