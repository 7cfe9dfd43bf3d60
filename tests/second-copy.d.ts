// What `second-copy-plugin.ts` makes of these imports: modules apart from those without the query, of the same shape.
declare module '@memkit/core?second-copy' {
  export * from '@memkit/core'
}
declare module '@memkit/gpu?second-copy' {
  export * from '@memkit/gpu'
}
declare module '@memkit/coordinator?second-copy' {
  export * from '@memkit/coordinator'
}
declare module '@memkit/ecs-plugin?second-copy' {
  export * from '@memkit/ecs-plugin'
}
