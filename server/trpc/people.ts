import { z } from 'zod'
import { roles } from '#server/accounts.ts'
import { acceptInvitation, invite, listInvitations, revokeInvitation } from '#server/invitations.ts'
import { changeOwnPassword } from '#server/own-password.ts'
import { changeUser, dropSecondFactor, endSessions, listUsers, sessionsOf } from '#server/people.ts'
import { requireSecondFactor, secondFactorRequired } from '#server/settings.ts'
import { adminProcedure, invitedProcedure, ownProcedure, router } from './procedures.ts'

const user = z.strictObject({ userId: z.string().min(1).max(100) })
const role = z.enum(roles)
const invitation = z.strictObject({ id: z.uuid() })
const sessionId = z.string().min(1).max(100)

export const peopleRouter = router({
  list: adminProcedure.query(({ ctx }) => listUsers(ctx.house)),
  change: adminProcedure
    .input(user.extend({ role: role.optional(), disabled: z.boolean().optional() }))
    .mutation(({ ctx, input: { userId, ...change } }) => changeUser(ctx.house, ctx.actor, userId, change)),
  sessions: adminProcedure.input(user).query(({ ctx, input }) => sessionsOf(ctx.house, input.userId)),
  endSessions: adminProcedure
    .input(user.extend({ sessionId: sessionId.optional() }))
    .mutation(({ ctx, input }) =>
      endSessions(ctx.house, ctx.actor, input.userId, input.sessionId ? { id: input.sessionId } : { except: null }),
    ),
  dropSecondFactor: adminProcedure
    .input(user)
    .mutation(({ ctx, input }) => dropSecondFactor(ctx.house, ctx.actor, input.userId)),
  invitations: adminProcedure.query(({ ctx }) => listInvitations(ctx.house)),
  invite: adminProcedure
    .input(z.strictObject({ email: z.string().trim().max(254), role, clientId: z.uuid().nullish() }))
    .mutation(({ ctx, input }) => invite(ctx.house, ctx.actor, input)),
  revokeInvitation: adminProcedure
    .input(invitation)
    .mutation(({ ctx, input }) => revokeInvitation(ctx.house, ctx.actor, input.id)),
  // By the link in the e-mail: whoever holds it is let in as who was invited, once.
  accept: invitedProcedure
    .input(
      z.strictObject({
        token: z.string().max(200),
        name: z.string().trim().min(1).max(200),
        password: z.string().max(200),
      }),
    )
    .mutation(({ ctx, input: { token, ...chosen } }) => acceptInvitation(ctx.house, token, chosen)),
  secondFactorRequired: adminProcedure.query(({ ctx }) => secondFactorRequired(ctx.house)),
  requireSecondFactor: adminProcedure
    .input(z.strictObject({ required: z.boolean() }))
    .mutation(({ ctx, input }) => requireSecondFactor(ctx.house, ctx.actor, input.required)),
})

/** One's own account, whatever the role. */
export const accountRouter = router({
  me: ownProcedure.query(async ({ ctx: { house, person } }) => ({
    name: person.name,
    email: person.email,
    role: person.role,
    secondFactor: person.secondFactor,
    secondFactorRequired: person.role !== 'photographer' && (await secondFactorRequired(house)),
  })),
  sessions: ownProcedure.query(async ({ ctx: { house, person } }) => {
    const rows = await sessionsOf(house, person.userId)
    return rows.map((row) => ({ ...row, current: row.id === person.sessionId }))
  }),
  endSession: ownProcedure
    .input(z.strictObject({ id: sessionId }))
    .mutation(({ ctx, input }) => endSessions(ctx.house, ctx.actor, ctx.person.userId, { id: input.id })),
  changePassword: ownProcedure
    .input(z.strictObject({ current: z.string().max(200), next: z.string().max(200) }))
    .mutation(({ ctx, input }) => changeOwnPassword(ctx.house, ctx.person, input)),
  endOtherSessions: ownProcedure.mutation(({ ctx }) =>
    endSessions(ctx.house, ctx.actor, ctx.person.userId, { except: ctx.person.sessionId }),
  ),
})
