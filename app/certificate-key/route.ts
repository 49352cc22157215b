import { answerCertificateKey } from '#server/trpc/downloads.ts'

export const dynamic = 'force-dynamic'

export { answerCertificateKey as GET }
