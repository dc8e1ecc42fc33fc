export const dashboardWords = {
  title: 'Dashboard',
}
