import { answerSignIn } from '#server/trpc/request.ts'

export const dynamic = 'force-dynamic'

export { answerSignIn as GET, answerSignIn as POST }
